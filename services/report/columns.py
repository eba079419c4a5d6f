"""What the columns of the workbook are called, in both languages."""

from dataclasses import fields
from typing import Literal

from graph.metamodel import KINDS
from inventory.rows import Row

Language = Literal["de", "en"]
Both = tuple[str, str]
"""A text in German and in English."""

COLUMNS: dict[str, Both] = {
    "verdict": ("Urteil", "Verdict"),
    "end": ("Ende", "End"),
    "milestone": ("Was endet", "What ends"),
    "asset": ("Gerät oder Verfahren", "Asset"),
    "asset_id": ("Kennung", "Asset's id"),
    "kind": ("Art", "Kind"),
    "owners": ("Zuständig", "Owners"),
    "part": ("Teil", "Part"),
    "reported": ("Gemeldet als", "Reported as"),
    "vendor": ("Hersteller", "Vendor"),
    "product": ("Produkt", "Product"),
    "cycles": ("Version", "Cycles"),
    "extended": ("Verlängerter Support bis", "Extended support until"),
    "paid": ("Bezahlt durch Vertrag", "Paid by contract"),
    "move_to": ("Wechseln zu", "Move to"),
    "dependents": ("Davon hängen ab", "What depends on it"),
    "accepted_until": ("Risiko getragen bis", "Risk accepted until"),
    "accepted_by": ("Risiko getragen von", "Risk accepted by"),
    "method": ("Zugeordnet durch", "Matched by"),
    "confidence": ("Sicherheit der Zuordnung", "Confidence"),
    "source": ("Quelle des Datums", "Source of the date"),
    "citation": ("Veröffentlicht unter", "Published at"),
    "snapshot": ("Stand der Quelle", "Day of the source"),
}
ROW_FIELDS = tuple(field.name for field in fields(Row) if field.name != "cursor")
VERDICT: dict[str, Both] = {
    "unsupported": ("ohne Support", "unsupported"),
    "ending": ("endet bald", "ending"),
    "supported": ("mit Support", "supported"),
    "unknown": ("unbekannt", "unknown"),
}
PART: dict[str, Both] = {
    "system": ("Betriebssysteme", "Operating systems"),
    "hardware": ("Hardware", "Hardware"),
    "firmware": ("Firmware", "Firmware"),
    "database": ("Datenbanken", "Databases"),
    "application": ("Fachverfahren", "Applications"),
    "program": ("Programme", "Programs"),
}
MILESTONE: dict[str, Both] = {
    "active": ("aktiver Support", "active support"),
    "security": ("Sicherheitsupdates", "security support"),
    "extended": ("verlängerter Support", "extended support"),
    "maintenance": ("Wartung", "maintenance"),
    "sale": ("Verkauf", "sale"),
    "warranty": ("Garantie", "warranty"),
}
UNDATED: dict[str, Both] = {"ended": ("beendet, ohne Tag", "ended, no day known"), "open": ("offen", "open")}
_VALUES = {"verdict": VERDICT, "part": PART, "milestone": MILESTONE}


def said(both: Both, language: Language) -> str:
    """The text in that language."""
    return both[language == "en"]


def kind_name(kind: str, language: Language) -> str:
    """What a kind of asset is called."""
    known = KINDS.get(kind)
    return kind if known is None else said((known.german, known.english), language)


def value_name(field: str, value: str, language: Language) -> str:
    """What a value of a row's field is called: a verdict, a part, a milestone, a kind; any other as it is."""
    if field == "kind":
        return kind_name(value, language)
    both = _VALUES.get(field, {}).get(value)
    return said(both, language) if both else value
