"""What is asked of a device over SNMP, and what the numbers mean."""

Oid = tuple[int, ...]
Value = bytes | int | str
Answers = dict[Oid, Value]
"""Values by object identifier: octets as bytes, numbers as int, object identifiers as text."""

_MIB2 = (1, 3, 6, 1, 2, 1)
DESCRIPTION, OBJECT_ID, NAME, LOCATION, SERVICES = ((*_MIB2, 1, number, 0) for number in (1, 2, 5, 6, 7))
BRIDGE = (*_MIB2, 17, 1, 1, 0)
MEMORY = (*_MIB2, 25, 2, 2, 0)
LLDP_SUBTYPE, LLDP_CHASSIS = ((1, 0, 8802, 1, 1, 2, 1, 3, number, 0) for number in (1, 2))
SCALARS = (DESCRIPTION, OBJECT_ID, NAME, LOCATION, SERVICES, BRIDGE, MEMORY, LLDP_SUBTYPE, LLDP_CHASSIS)

_PHYSICAL = (*_MIB2, 47, 1, 1, 1, 1)
CLASS, SOFTWARE_REVISION, FIRMWARE_REVISION = ((*_PHYSICAL, column) for column in (5, 10, 9))
SERIAL, MAKER, MODEL = ((*_PHYSICAL, column) for column in (11, 12, 13))
IF_NAME, IF_TYPE, IF_MAC = ((*_MIB2, 2, 2, 1, column) for column in (2, 3, 6))
ADDRESS = (*_MIB2, 4, 20, 1, 1)
DEVICE_TYPE, DEVICE_NAME = ((*_MIB2, 25, 3, 2, 1, column) for column in (2, 3))
PRINTER_SERIAL = (*_MIB2, 43, 5, 1, 1, 17)
PRINTER_COVER = (*_MIB2, 43, 5, 1, 1, 1)
NEIGHBOUR_SUBTYPE, NEIGHBOUR_CHASSIS, NEIGHBOUR_NAME, NEIGHBOUR_ABILITIES = (
    (1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, column) for column in (4, 5, 9, 12)
)
NEIGHBOUR_ADDRESS = (1, 0, 8802, 1, 1, 2, 1, 4, 2, 1, 3)
PROGRAM = (*_MIB2, 25, 6, 3, 1, 2)

COLUMNS: dict[Oid, int] = {
    CLASS: 5000,
    IF_NAME: 4096,
    IF_TYPE: 4096,
    IF_MAC: 4096,
    ADDRESS: 1024,
    DEVICE_TYPE: 512,
    DEVICE_NAME: 512,
    PRINTER_SERIAL: 8,
    PRINTER_COVER: 8,
    NEIGHBOUR_SUBTYPE: 1024,
    NEIGHBOUR_CHASSIS: 1024,
    NEIGHBOUR_NAME: 1024,
    NEIGHBOUR_ABILITIES: 1024,
    NEIGHBOUR_ADDRESS: 2048,
}
"""Columns that are walked, with the most rows that are read of each."""
PARTS = (SERIAL, MAKER, MODEL, SOFTWARE_REVISION, FIRMWARE_REVISION)
"""Columns that are read of each chassis."""
MAX_CHASSIS = 16
MAX_PROGRAMS = 20_000
CHASSIS = 3
"""entPhysicalClass (RFC 6933)."""
REAL_PORTS = {6, 7, 62, 69, 71, 117, 161}
"""ifType (IANAifType-MIB): Ethernet in its kinds, WLAN, aggregates; no loopbacks, VLANs, tunnels, bridges."""
PRINTER_DEVICE = "1.3.6.1.2.1.25.3.1.5"
"""hrDevicePrinter (RFC 2790)."""

# From IANA's Private Enterprise Numbers: who makes a device, by the number in its sysObjectID.
VENDORS = {
    2: "IBM",
    9: "Cisco",
    11: "HP",
    43: "3Com",
    42: "Sun Microsystems",
    171: "D-Link",
    207: "Allied Telesis",
    253: "Xerox",
    297: "Fuji Xerox",
    311: "Microsoft",
    318: "APC",
    367: "Ricoh",
    534: "Eaton",
    641: "Lexmark",
    674: "Dell",
    683: "Brother",
    789: "NetApp",
    890: "ZyXEL",
    1248: "Epson",
    1347: "Kyocera",
    1588: "Brocade",
    1602: "Canon",
    1916: "Extreme Networks",
    1991: "Foundry",
    2001: "OKI",
    2011: "Huawei",
    2356: "LANCOM Systems",
    2435: "Brother",
    2604: "Sophos",
    2620: "Check Point",
    2636: "Juniper Networks",
    3375: "F5",
    4526: "Netgear",
    6574: "Synology",
    6876: "VMware",
    8072: "Net-SNMP",
    10642: "Zebra",
    10704: "Barracuda",
    11863: "TP-Link",
    12356: "Fortinet",
    14823: "Aruba",
    14988: "MikroTik",
    18334: "Konica Minolta",
    24681: "QNAP",
    25053: "Ruckus",
    25461: "Palo Alto Networks",
    25506: "H3C",
    30065: "Arista",
    41112: "Ubiquiti",
    47196: "Hewlett Packard Enterprise",
}
COMPUTERS = {311, 2021, 6876, 8072}
"""Agents of computers, whose enterprise is not who built the machine."""
STORAGE = {789, 6574, 24681}
PRINTERS = {253, 297, 367, 641, 683, 1248, 1347, 1602, 2001, 2435, 10642, 18334}
