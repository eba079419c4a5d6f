"""Records of our own, put into a real graph the way the inventory does it."""

from events.models import CatalogueItem, Identifier, Reference, Relation, Section
from tests.inventory.test_batch import observed


def system(full_name, **more):
    item = CatalogueItem(kind="OperatingSystem", properties={"full_name": full_name, **more})
    return Relation(type="HAS_OS", to=item)


def program(name, version="", **more):
    given = {"name": name, **({"version": version} if version else {}), **more}
    return Relation(type="INSTALLED", to=CatalogueItem(kind="Software", properties=given))


def to(relation, kind, name, direction="out", **properties):
    scheme = "host" if kind in {"Server", "VirtualMachine", "Client"} else "name"
    return Relation(
        type=relation, to=Reference(scheme=scheme, value=name, kind=kind), direction=direction, properties=properties
    )


def said(source, kind, name, *relations, at=10, section="core"):
    """What a source says of one thing that it knows by its name."""
    scheme = "hostname" if kind in {"Server", "VirtualMachine", "Client"} else "name"
    content = Section(name=name, identifiers=(Identifier(scheme=scheme, value=name),), relations=relations)
    return observed(f"{source}/{kind}:{name}", at, content, kind=kind, first=0, section=section)
