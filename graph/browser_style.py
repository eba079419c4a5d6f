"""How the graph looks in Neo4j Browser, from the metamodel: `python -m graph.browser_style` writes the file anew.

Colours are of Okabe and Ito's palette, whose hues are told apart with every kind of colour vision; kinds of one group
have one hue, and differ in lightness. Sizes leave room for a name: what the city works with is biggest.
"""

from pathlib import Path
from typing import NamedTuple

from graph.metamodel import CATALOGUE, KINDS, RELATIONS

FILE = Path(__file__).parent / "browser" / "landkarte.grass"
DARK, LIGHT = "#1A1A1A", "#FFFFFF"
READABLE = 4.5
"""Contrast of text with its ground, as WCAG 2 asks for."""


class Look(NamedTuple):
    """`size`: the diameter in pixels. `border`: where it is not a darker shade of the colour."""

    colour: str
    size: int
    border: str = ""


GROUPS = {
    "computers": {
        "Server": Look("#0072B2", 80),
        "VirtualMachine": Look("#56B4E9", 80),
        "Client": Look("#A9DAF5", 75),
        "MobileDevice": Look("#A9DAF5", 65),
    },
    "network and storage": {
        "NetworkDevice": Look("#00664A", 80),
        "StorageSystem": Look("#009E73", 80),
        "Printer": Look("#7FCDB5", 65),
    },
    "platforms": {
        "Cluster": Look("#F0E442", 90),
        "DatabaseInstance": Look("#F5EC7B", 80),
        "Workload": Look("#F9F3A9", 85),
    },
    "applications": {
        "Application": Look("#E69F00", 95),
        "ExternalService": Look("#F3C766", 95),
    },
    "city": {
        "CitizenService": Look("#A3457C", 100),
        "BusinessProcess": Look("#CC79A7", 95),
        "OrganisationUnit": Look("#E8BFD6", 95),
    },
    "places and power": {
        "Location": Look("#262626", 95),
        "Utility": Look("#4D4D4D", 90),
    },
    "agreements and plans": {
        "Contract": Look("#E8DCC4", 90, "#7A6A45"),
        "Vendor": Look("#F4EEDF", 85, "#7A6A45"),
        "Project": Look("#D1BE94", 95, "#7A6A45"),
    },
    "lifecycles": {
        "LifecycleCycle": Look("#D55E00", 90),
        "Product": Look("#EB9A5F", 85),
        "LifecycleTable": Look("#F6CDB0", 85),
        "ProductAlias": Look("#F6CDB0", 75),
        "MatchDecision": Look("#F6CDB0", 75),
    },
    "catalogue": {
        "OperatingSystem": Look("#BDBDBD", 85),
        "HardwareModel": Look("#CFCFCF", 75),
        "Software": Look("#E0E0E0", 70),
    },
    "unclaimed": {
        "Endpoint": Look("#FFFFFF", 75, "#D55E00"),
    },
}
"""Kinds that belong together have one hue; the first of each group is its strongest."""
LOOKS = {kind: look for looks in GROUPS.values() for kind, look in looks.items()}
CAPTIONS = {"LifecycleCycle": "{name} {end_of_security_support}"}
"""What is written on a node of a kind, where it is not its name alone."""
_DRAWN_FROM = {"Record": "{source} {native_key}", "Identifier": "{key}", "Run": "{key}"}
"""Nodes that the graph is worked out from, to their caption: paler than everything else."""

Rules = dict[str, dict[str, str]]


def style() -> Rules:
    """Selector to its properties. Browser lays the rules of a node's labels over each other, the later ones on top."""
    rules: Rules = {"node": _node(Look("#E6E6E6", 40)), "relationship": _relationship(carries=False)}
    rules |= {f"node.{label}": _node(Look("#F2F2F2", 90), written) for label, written in _DRAWN_FROM.items()}
    rules["node.Asset"] = _node(Look("#E6E6E6", 60), "{name}")
    rules["node.Catalogue"] = _node(Look("#E6E6E6", 60), "{title}")
    rules |= {f"node.{kind}": _node(LOOKS[kind], caption(kind)) for kind in KINDS}
    carrying = {name: relation.failure != "none" for name, relation in RELATIONS.items()}
    return rules | {f"relationship.{name}": _relationship(carries=carries) for name, carries in carrying.items()}


def caption(kind: str) -> str:
    """The template of a kind's caption: a catalogue node is shown by its title."""
    return CAPTIONS.get(kind, "{title}" if kind in CATALOGUE else "{name}")


def text() -> str:
    """The file's text. It has no comments: Browser would take them for selectors."""
    return "\n".join(f"{selector} {{\n{_declared(rule)}}}\n" for selector, rule in style().items())


def _declared(rule: dict[str, str]) -> str:
    return "".join(f"  {name}: {value};\n" for name, value in rule.items())


def _node(look: Look, written: str = "<id>") -> dict[str, str]:
    return {
        "color": look.colour,
        "border-color": look.border or darker(look.colour),
        "border-width": "2px",
        "text-color-internal": text_colour(look.colour),
        "font-size": "10px",
        "diameter": f"{look.size}px",
        "caption": f'"{written}"',
    }


def _relationship(*, carries: bool) -> dict[str, str]:
    """A failure goes along thick dark arrows; thin grey ones carry none."""
    return {
        "color": "#333333" if carries else "#8A8A8A",
        "shaft-width": "3px" if carries else "1px",
        "font-size": "9px",
        "padding": "3px",
        "text-color-external": DARK,
        "text-color-internal": LIGHT,
        "caption": '"<type>"',
    }


def text_colour(ground: str) -> str:
    """Dark, or light where that is read better."""
    return max((DARK, LIGHT), key=lambda ink: contrast(ink, ground))


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - as sRGB defines it


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def darker(colour: str) -> str:
    """Two thirds of the light."""
    return "#" + "".join(f"{part * 2 // 3:02X}" for part in channels(colour))


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
