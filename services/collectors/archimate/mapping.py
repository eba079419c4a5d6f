"""Which kind an ArchiMate element is, and what a relationship between two of them says: as data. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from graph.metamodel import COMPUTERS, RELATIONS

KIND_OF: Mapping[str, str] = {
    "ApplicationComponent": "Application",
    "ApplicationCollaboration": "Application",
    "Node": "Server",
    "Device": "Server",
    "SystemSoftware": "Workload",
    "BusinessProcess": "BusinessProcess",
    "BusinessFunction": "BusinessProcess",
    "BusinessInteraction": "BusinessProcess",
    "BusinessService": "CitizenService",
    "BusinessActor": "OrganisationUnit",
    "BusinessRole": "OrganisationUnit",
    "BusinessCollaboration": "OrganisationUnit",
    "Location": "Location",
    "Facility": "Location",
    "Contract": "Contract",
    "WorkPackage": "Project",
}
PASSED_THROUGH = {
    "ApplicationService": "Application",
    "ApplicationInterface": "",
    "ApplicationFunction": "",
    "ApplicationProcess": "",
    "ApplicationInteraction": "",
    "BusinessInterface": "",
    "TechnologyService": "",
    "TechnologyInterface": "",
    "TechnologyFunction": "",
    "TechnologyProcess": "",
    "TechnologyInteraction": "",
    "TechnologyCollaboration": "",
    "InfrastructureService": "",
    "InfrastructureInterface": "",
    "InfrastructureFunction": "",
    "Artifact": "",
    "AndJunction": "",
    "OrJunction": "",
    "Junction": "",
}
"""No things of their own: what realizes, holds or is assigned to one stands for it; and the kind where nothing does."""
JUNCTIONS = {"AndJunction", "OrJunction", "Junction"}
DATA = {"DataObject", "BusinessObject"}
STRUCTURAL = {"Realization", "Assignment", "Composition", "Aggregation"}
_DATABASE = re.compile(
    r"postgres|oracle|mysql|mariadb|sql[ -]?server|mssql|db2|mongo|informix|firebird|datenbank|database|\bdbms\b",
    re.IGNORECASE,
)
_DEVICE_KINDS = (
    (re.compile(r"drucker|printer|plotter", re.IGNORECASE), "Printer"),
    (re.compile(r"switch|router|firewall|access.?point|\bwlan\b", re.IGNORECASE), "NetworkDevice"),
    (re.compile(r"\bsan\b|\bnas\b|storage|speicher|filer", re.IGNORECASE), "StorageSystem"),
    (re.compile(r"smartphone|tablet|mobil", re.IGNORECASE), "MobileDevice"),
    (re.compile(r"arbeitsplatz|client|notebook|laptop|desktop|\bpc\b|thin.?client", re.IGNORECASE), "Client"),
)
Side = Literal["from", "to"]
_WHERE = ("LOCATED_IN",)
_RULES: Mapping[str, tuple[tuple[str, Side], ...]] = {
    # (relation, which end of the ArchiMate relationship it starts at); the first that fits the kinds is said
    "Serving": (("SUPPORTS", "from"), ("DELIVERS", "from"), ("DEPENDS_ON", "to")),
    "Realization": (("DELIVERS", "from"), ("SUPPORTS", "from"), ("RUNS_ON", "to"), ("DEPENDS_ON", "to")),
    "Assignment": (("OWNED_BY", "to"), ("LOCATED_IN", "to"), ("SUPPORTS", "from"), ("RUNS_ON", "to")),
    "Composition": (("LOCATED_IN", "to"), ("RUNS_ON", "to"), ("MEMBER_OF", "to")),
    "Aggregation": (("LOCATED_IN", "to"), ("RUNS_ON", "to"), ("MEMBER_OF", "to")),
    "Flow": (("EXCHANGES_DATA_WITH", "from"),),
    "Triggering": (("DEPENDS_ON", "to"),),
    "Association": (
        ("LOCATED_IN", "from"),
        ("LOCATED_IN", "to"),
        ("COVERED_BY", "from"),
        ("COVERED_BY", "to"),
        ("OWNED_BY", "from"),
        ("OWNED_BY", "to"),
    ),
}
_PLATFORMS = COMPUTERS | {"Workload", "StorageSystem", "NetworkDevice", "Cluster"}
_CARRIED = {"Application", "Workload", "DatabaseInstance"}
_HUMAN = {"OrganisationUnit", "CitizenService", "Contract", "Project", "Location"}


def kind_of(element: str, name: str, mapped: Mapping[str, str]) -> str:
    """The kind of an element, or "": as the settings map its type, else by type and, where that is not enough, name."""
    if element in mapped:
        return mapped[element]
    kind = KIND_OF.get(element, "")
    if element == "SystemSoftware" and _DATABASE.search(name):
        return "DatabaseInstance"
    if element == "Device":
        return next((found for pattern, found in _DEVICE_KINDS if pattern.search(name)), kind)
    return kind


def relation_of(relationship: str, source: str, target: str) -> tuple[str, Side] | None:
    """What a relationship between these kinds says, and at which end it starts; None where it says nothing here."""
    for relation, start in _RULES.get(relationship, ()):
        one, other = (source, target) if start == "from" else (target, source)
        if _fits(relation, relationship, one, other):
            return relation, start
    return None


def _fits(relation: str, relationship: str, one: str, other: str) -> bool:
    """Whether the metamodel has it, and it means what the architect means."""
    declared = RELATIONS[relation]
    if one not in declared.sources or other not in declared.targets:
        return False
    if relation == "RUNS_ON":
        return one in _CARRIED and other in _PLATFORMS
    if relation in {"SUPPORTS", "DEPENDS_ON"}:
        return not {one, other} & _HUMAN and not (relation == "SUPPORTS" and one == other)
    if relation == "MEMBER_OF":
        return one == other or {one, other} <= _PLATFORMS
    return relation != "OWNED_BY" or not (relationship == "Association" and one in _HUMAN - {"CitizenService"})


def legal(kinds: Mapping[str, str]) -> Iterator[str]:
    """Faults in a mapping of types to kinds."""
    known = set(KIND_OF.values()) | {"VirtualMachine", "Client", "NetworkDevice", "Printer", "MobileDevice", "Vendor"}
    known |= {"StorageSystem", "Cluster", "DatabaseInstance", "ExternalService", "Utility", ""}
    yield from (f"{element} = {kind!r}: no kind of thing" for element, kind in kinds.items() if kind not in known)
