"""A real snmpd on loopback that shows what a switch or a printer shows."""

from contextlib import contextmanager

from tests.servers.process import free_port
from tests.services.collectors.tools import require_tool, running

AUTH, PRIVACY, COMMUNITY = "auth-Kennwort-1", "priv-Kennwort-2", "rathaus-r0"
USERS = f"""rocommunity {COMMUNITY} 127.0.0.1
createUser reader SHA-256 "{AUTH}" AES "{PRIVACY}"
rouser reader priv
"""
LIMITED = """view names included .1.3.6.1.2.1.25
rocommunity blind 127.0.0.1 -V names
"""
OWN_MODULES = (
    "-I",
    "-ifTable,-ifXTable,-interface,-hr_device,-hr_print,-ipAddr,-ipaddr,-ipv6,-ipAddressTable,-ipCidrRouteTable",
)
SYSTEM, ENTITY, LLDP = "1.3.6.1.2.1.1", "1.3.6.1.2.1.47.1.1.1.1", "1.0.8802.1.1.2.1"


def rows(*triples):
    """Values that are shown in place of the computer's own: (object identifier, type, value)."""
    return "".join(f"override -rw .{oid} {kind} {value}\n" for oid, kind, value in triples)


SWITCH = rows(
    (f"{SYSTEM}.1.0", "octet_str", '"Cisco IOS Software, C2960X Software, Version 15.2(7)E4"'),
    (f"{SYSTEM}.2.0", "object_id", ".1.3.6.1.4.1.9.1.1208"),
    (f"{SYSTEM}.4.0", "octet_str", '"Erika Mustermann"'),
    (f"{SYSTEM}.5.0", "octet_str", '"sw-rathaus.stadt.example"'),
    (f"{SYSTEM}.6.0", "octet_str", '"Rathaus, Keller"'),
    (f"{SYSTEM}.7.0", "integer", "6"),
    ("1.3.6.1.2.1.17.1.1.0", "octet_str", "0x001122334400"),
    ("1.3.6.1.2.1.2.2.1.2.10001", "octet_str", '"GigabitEthernet1/0/1"'),
    ("1.3.6.1.2.1.2.2.1.2.1", "octet_str", '"Vlan1"'),
    ("1.3.6.1.2.1.2.2.1.3.1", "integer", "53"),
    ("1.3.6.1.2.1.2.2.1.3.2", "integer", "53"),
    ("1.3.6.1.2.1.2.2.1.3.10001", "integer", "6"),
    ("1.3.6.1.2.1.2.2.1.3.10002", "integer", "6"),
    ("1.3.6.1.2.1.2.2.1.6.1", "octet_str", "0x00005E000101"),
    ("1.3.6.1.2.1.2.2.1.6.2", "octet_str", "0x001122334499"),
    ("1.3.6.1.2.1.2.2.1.6.10001", "octet_str", "0x001122334401"),
    ("1.3.6.1.2.1.2.2.1.6.10002", "octet_str", "0x00005E000102"),
    (f"{ENTITY}.5.1", "integer", "11"),
    (f"{ENTITY}.5.1001", "integer", "3"),
    (f"{ENTITY}.5.1002", "integer", "9"),
    (f"{ENTITY}.10.1001", "octet_str", '"15.2(7)E4"'),
    (f"{ENTITY}.11.1001", "octet_str", '"FOC1234X5YZ"'),
    (f"{ENTITY}.11.1002", "octet_str", '"MODULE-1"'),
    (f"{ENTITY}.13.1001", "octet_str", '"WS-C2960X-48TS-L"'),
    (f"{LLDP}.3.1.0", "integer", "4"),
    (f"{LLDP}.3.2.0", "octet_str", "0x001122334400"),
    (f"{LLDP}.4.1.1.4.0.1.1", "integer", "4"),
    (f"{LLDP}.4.1.1.4.0.2.1", "integer", "5"),
    (f"{LLDP}.4.1.1.4.0.3.1", "integer", "7"),
    (f"{LLDP}.4.1.1.4.0.4.1", "integer", "7"),
    (f"{LLDP}.4.1.1.5.0.1.1", "octet_str", "0x00AABBCCDD01"),
    (f"{LLDP}.4.1.1.5.0.2.1", "octet_str", "0x010A000009"),
    (f"{LLDP}.4.1.1.5.0.3.1", "octet_str", '"local"'),
    (f"{LLDP}.4.1.1.5.0.4.1", "octet_str", '"local"'),
    (f"{LLDP}.4.1.1.9.0.3.1", "octet_str", '"sw-3"'),
    (f"{LLDP}.4.1.1.9.0.4.1", "octet_str", '"srv-4"'),
    (f"{LLDP}.4.1.1.12.0.1.1", "octet_str", "0x2000"),
    (f"{LLDP}.4.1.1.12.0.4.1", "octet_str", "0x0100"),
    (f"{LLDP}.4.2.1.3.0.3.1.1.4.10.0.0.3", "integer", "2"),
)
PRINTER = rows(
    (f"{SYSTEM}.1.0", "octet_str", '"KYOCERA Document Solutions Printing System"'),
    (f"{SYSTEM}.2.0", "object_id", ".1.3.6.1.4.1.1347.41"),
    (f"{SYSTEM}.5.0", "octet_str", '"KM1234"'),
    (f"{SYSTEM}.7.0", "integer", "72"),
    ("1.3.6.1.2.1.2.2.1.3.1", "integer", "6"),
    ("1.3.6.1.2.1.2.2.1.6.1", "octet_str", "0x0017C8000001"),
    ("1.3.6.1.2.1.25.3.2.1.2.1", "object_id", ".1.3.6.1.2.1.25.3.1.5"),
    ("1.3.6.1.2.1.25.3.2.1.3.1", "octet_str", '"ECOSYS M5526cdw"'),
    ("1.3.6.1.2.1.43.5.1.1.17.1", "octet_str", '"VNX1234567"'),
)


@contextmanager
def snmpd(home, shown="", *options):
    """The UDP port of an agent that shows this."""
    tool, port = require_tool("snmpd", "snmpd"), free_port()
    home.mkdir(exist_ok=True)
    (home / "snmpd.conf").write_text(USERS + LIMITED + shown)
    log = home / "log"
    command = [tool, "-f", "-Lo", "-C", "-c", str(home / "snmpd.conf"), *options, f"udp:127.0.0.1:{port}"]
    environment = {"SNMP_PERSISTENT_DIR": str(home / "state"), "MIBS": ""}
    with running(command, log, lambda: "NET-SNMP version" in log.read_text(errors="replace"), **environment):
        yield port
