"""The example row of each sheet of the template, in German and English; read back, an unchanged one says nothing."""

from collections.abc import Iterator, Mapping
from datetime import date

from services.collectors.spreadsheet.cells import plain

Value = str | int | date
MARKS = ("Beispiel: ", "Example: ")
"""What the name in an example row begins with, German and English."""
DEPENDENCY = ""
"""The key of the example of a dependency."""
_UNIT = ("Beispiel: Bürgeramt", "Example: Citizens' office")
_APPLICATION = ("Beispiel: Meldewesen-Verfahren", "Example: Registry application")
_SERVICE = ("Beispiel: Wohnsitz anmelden", "Example: Register an address")
_PROCESS = ("Beispiel: Meldewesen", "Example: Resident registration")
_SITE = ("Beispiel: Serverraum Rathaus", "Example: Town hall server room")
_FEED = ("Beispiel: Einspeisung A", "Example: Power feed A")
_EXTERNAL = ("Beispiel: Online-Bezahldienst", "Example: Online payment")
_CLUSTER = ("Beispiel: Cluster Rathaus", "Example: Town hall cluster")
_DATABASE = ("Beispiel: Meldedatenbank", "Example: Registry database")
_SUPPLIER = ("Beispiel: Softwarehaus GmbH", "Example: Software house")
_CONTRACT = ("Beispiel: Pflegevertrag Meldewesen", "Example: Registry maintenance")
_SERVER = "SRV-APP-01"
EXAMPLES: dict[str, dict[str, tuple[Value, Value]]] = {
    "Application": {
        "Fachverfahren": _APPLICATION,
        "Hersteller": ("Softwarehaus GmbH", "Software house"),
        "Version": ("2026.1", "2026.1"),
        "Nutzer": (120, 120),
        "Organisationseinheit": _UNIT,
        "Server": (_SERVER, _SERVER),
        "Datenbanken": _DATABASE,
        "Externe Dienste": _EXTERNAL,
        "Geschäftsprozesse": _PROCESS,
        "Lieferant": _SUPPLIER,
        "Verträge": _CONTRACT,
        "Schutzbedarf Verfügbarkeit": ("hoch", "high"),
        "Wiederanlaufzeit (h)": (8, 8),
        "Supportende": (date(2029, 12, 31), date(2029, 12, 31)),
    },
    "OrganisationUnit": {
        "Organisationseinheit": _UNIT,
        "Funktionspostfach": ("buergeramt@stadt.example", "citizens@city.example"),
        "Öffnungszeiten": ("Mo-Fr 8-16 Uhr", "Mon-Fri 8am-4pm"),
        "Ebene": ("Fachdienst", "Office"),
    },
    "Location": {
        "Standort": _SITE,
        "Ebene": ("Raum", "room"),
        "Adresse": ("Marktplatz 1", "Market square 1"),
        "Versorgung": _FEED,
    },
    "CitizenService": {
        "Bürgerdienst": _SERVICE,
        "LeiKa": ("99115005104000", "99115005104000"),
        "Organisationseinheit": _UNIT,
        "Priorität": (1, 1),
    },
    "BusinessProcess": {
        "Geschäftsprozess": _PROCESS,
        "Organisationseinheit": _UNIT,
        "Bürgerdienste": _SERVICE,
        "Priorität": (1, 1),
    },
    "ExternalService": {
        "Externer Dienst": _EXTERNAL,
        "Anbieter": ("Regionales Rechenzentrum", "Regional data centre"),
        "Wiederanlaufzeit (h)": (24, 24),
    },
    "Utility": {"Versorgung": _FEED, "Beschreibung": ("Stadtwerke, 3 x 63 A", "City utility, 3 x 63 A")},
    "Cluster": {"Cluster": _CLUSTER, "Benötigt": (2, 2), "Mitglieder": ("ESX-01, ESX-02, ESX-03",) * 2},
    "DatabaseInstance": {
        "Datenbankinstanz": _DATABASE,
        "Produkt": ("PostgreSQL", "PostgreSQL"),
        "Version": ("16.4", "16.4"),
        "Server": ("SRV-DB-01", "SRV-DB-01"),
    },
    "Client": {
        "Gerät": ("Beispiel: SRV-APP-01", "Example: SRV-APP-01"),
        "Art": ("Server", "Server"),
        "Hersteller": ("Dell", "Dell"),
        "Modell": ("PowerEdge R650", "PowerEdge R650"),
        "Seriennummer": ("ABC1234", "ABC1234"),
        "Kaufdatum": (date(2023, 3, 15), date(2023, 3, 15)),
        "Standort": _SITE,
    },
    "Vendor": {"Lieferant": _SUPPLIER, "Kontakt": ("support@softwarehaus.example", "support@software.example")},
    "Contract": {
        "Vertrag": _CONTRACT,
        "Lieferant": _SUPPLIER,
        "Jährliche Kosten (EUR)": (18000, 18000),
        "Vertragsende": (date(2027, 12, 31), date(2027, 12, 31)),
        "Kündigungsfrist (Monate)": (6, 6),
        "Fachverfahren": _APPLICATION,
    },
    "Project": {
        "Projekt": ("Beispiel: Ablösung Meldewesen", "Example: New registry"),
        "Beginn": (date(2027, 1, 1), date(2027, 1, 1)),
        "Ende": (date(2027, 12, 31), date(2027, 12, 31)),
        "Fachverfahren": _APPLICATION,
    },
    "LifecycleCycle": {
        "Produktlinie": ("Beispiel: PowerEdge R650", "Example: PowerEdge R650"),
        "Hersteller": ("Dell", "Dell"),
        "Produkt oder Modell": ("PowerEdge R650", "PowerEdge R650"),
        "Ende der Sicherheitsaktualisierungen": (date(2030, 6, 30), date(2030, 6, 30)),
        "Verkaufsende": ("beendet", "ended"),
        "Quelle": ("Schreiben des Herstellers vom 3.2.2026", "Vendor's letter of 3 Feb 2026"),
    },
    DEPENDENCY: {
        "Von": _APPLICATION,
        "Von Art": ("Fachverfahren", "Application"),
        "Nach": ("DC-01", "DC-01"),
        "Nach Art": ("Server", "Server"),
        "Stärke": ("zwingend", "required"),
        "Alternativen": ("Anmeldung", "Sign-in"),
        "Davon benötigt": (1, 1),
    },
}
"""By the kind of the table, and the German header of the column."""


def is_example_name(name: str) -> bool:
    """Whether a row is still named like an example."""
    return plain(name).startswith(MARKS)


def is_example(kind: str, row: Mapping[str, str]) -> bool:
    """Whether a row (by header, in lower case) is the example of the table of this kind, in any language, unchanged."""
    said = {plain(cell) for cell in row.values() if cell}
    return any(said == told for told in _told(kind))


def _told(kind: str) -> Iterator[set[str]]:
    for language in range(len(MARKS)):
        yield {shown(value[language]) for value in EXAMPLES.get(kind, {}).values()}


def shown(value: Value) -> str:
    """A value of an example as the text that is read back."""
    return value.isoformat() if isinstance(value, date) else str(value)
