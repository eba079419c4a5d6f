"""Small random cities: computers, applications, offices, rooms and contracts, in whatever way they hang together."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.inventory.feeding import program, said, system, to
from tests.inventory.test_batch import observed

KINDS = ("Server", "VirtualMachine", "Client", "Server")
SYSTEMS = (
    system("Debian GNU/Linux 12 (bookworm)", name="debian", version="12"),
    system("Microsoft Windows Server 2012 R2 Standard", name="Windows"),
    system("Microsoft Windows Server 2022 Standard", name="Windows"),
    system("Linux 2.6.22 (Fedora Core 6)"),
)
PROGRAMS = (
    program("Microsoft SQL Server 2016 (64-bit)", "13.3.6300.2", package_type="windows"),
    program("VOIS|MESO", "9.2", package_type="windows", vendor="HSH"),
    program("bash", "5.2.15-2+b7", package_type="deb"),
)
PROPERTIES = (
    {},
    {"vendor": "Dell Inc.", "model": "R640", "purchase_date": "2019-01-01"},
    {"vendor": "DELL INC", "model": "R640", "bios_date": "2025-01-01"},
    {"vendor": "?", "purchase_date": "2022-01-01"},
)
thorough = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def _some(items, most=2):
    return st.lists(st.sampled_from(items), max_size=most, unique_by=str)


@st.composite
def _computers(draw, number):
    kind, name = KINDS[number], f"s{number}"
    edges = [
        *draw(_some([to("OWNED_BY", "OrganisationUnit", unit) for unit in ("north", "south")])),
        *draw(_some([to("LOCATED_IN", "Location", place) for place in ("house", "room")], 1)),
        *draw(_some([to("COVERED_BY", "Contract", "ESU")], 1)),
        *draw(_some(PROGRAMS, 3)),
        *draw(_some(SYSTEMS, 1)),
        *([to("RUNS_ON", "Server", "s0")] if kind == "VirtualMachine" and draw(st.booleans()) else []),
    ]
    return with_properties(said("city", kind, name, *edges, at=10 + number), **draw(st.sampled_from(PROPERTIES)))


@st.composite
def _applications(draw, number):
    computers = [to("RUNS_ON", kind, f"s{at}") for at, kind in enumerate(KINDS)]
    edges = [
        *draw(_some(computers)),
        *draw(_some([to("DEPENDS_ON", "Application", f"a{other}") for other in range(3) if other != number])),
        *draw(_some([to("OWNED_BY", "OrganisationUnit", unit) for unit in ("north", "south")], 1)),
        *draw(_some([to("SUPPORTS", "BusinessProcess", "desk")], 1)),
        *draw(_some([to("DELIVERS", "CitizenService", "pass")], 1)),
    ]
    ends = draw(st.sampled_from([{}, {"end_of_support": "2025-01-01"}, {"end_of_support": "2030-01-01"}]))
    return with_properties(said("city", "Application", f"a{number}", *edges, at=20 + number), **ends)


@st.composite
def cities(draw):
    """Events of a small city. An office and a house have the same name, in other letters."""
    above = draw(_some([to("MEMBER_OF", "OrganisationUnit", "north")], 1))
    return [
        *(draw(_computers(number)) for number in range(draw(st.integers(0, 4)))),
        *(draw(_applications(number)) for number in range(draw(st.integers(0, 3)))),
        said("city", "OrganisationUnit", "north", at=30),
        said("city", "OrganisationUnit", "south", *above, at=31),
        said("city", "Location", "room", to("LOCATED_IN", "Location", "house"), at=32),
        said("city", "Location", "house", at=33),
        said("city", "Location", "North", at=34),
        said("city", "BusinessProcess", "desk", to("DELIVERS", "CitizenService", "marriage"), at=35),
        said("city", "CitizenService", "marriage", at=36),
        said("city", "CitizenService", "pass", at=37),
        with_properties(said("city", "Contract", "ESU", at=38), extended_support_of="*"),
    ]


def with_properties(item, **properties):
    """The same record, with properties."""
    event = item.event
    content = event.content.model_copy(update={"properties": properties})
    return observed(f"{event.source}/{event.native_key}", event.sequence, content, kind=event.kind, first=0)
