"""The tables a spreadsheet may hold, as data: headers in German and English, and what a cell of each says.

The header of the first column names the table; `docs/spreadsheet.md` shows them all.
"""

from dataclasses import dataclass, field
from typing import Literal

Form = Literal["text", "number", "date", "leika", "protection"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. Its cells give a property, an identifier, or relations to the things they name."""

    headers: tuple[str, ...]
    property: str = ""
    form: Form = "text"
    identifier: str = ""
    relation: str = ""
    direction: Literal["out", "in"] = "out"
    scheme: str = "name"
    to: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first column's header is one of `headers` and its cells name things of `kind`."""

    headers: tuple[str, ...]
    kind: str
    columns: tuple[Column, ...] = field(default=())


def _property(name: str, *headers: str, form: Form = "text") -> Column:
    return Column(headers, property=name, form=form)


def _names(relation: str, to: str, *headers: str, direction: Literal["out", "in"] = "out") -> Column:
    return Column(headers, relation=relation, to=to, direction=direction)


def _hosts(relation: str, *headers: str, direction: Literal["out", "in"] = "out") -> Column:
    return Column(headers, relation=relation, to="Server", scheme="host", direction=direction)


_DESCRIPTION = _property("description", "Beschreibung", "Description")
_COMMENT = _property("comment", "Kommentar", "Bemerkung", "Comment")
_PRIORITY = _property("priority", "Priorität", "Priority", form="number")
_UNIT = _names("OWNED_BY", "OrganisationUnit", "Organisationseinheit", "Organisation unit", "Zuständig")
_UTILITIES = _names("POWERED_BY", "Utility", "Versorgung", "Utilities")
_CARE = (
    _DESCRIPTION,
    _property(
        "protection_confidentiality", "Schutzbedarf Vertraulichkeit", "Protection confidentiality", form="protection"
    ),
    _property("protection_integrity", "Schutzbedarf Integrität", "Protection integrity", form="protection"),
    _property("protection_availability", "Schutzbedarf Verfügbarkeit", "Protection availability", form="protection"),
    _property("protection_reason", "Begründung Schutzbedarf", "Protection reason"),
    _property("recovery_time", "Wiederanlaufzeit (h)", "Recovery time (h)", form="number"),
    _property("recovery_point", "Datenverlust höchstens (h)", "Recovery point (h)", form="number"),
    _property("service_hours", "Servicezeit", "Service hours"),
    _property("replacement_cost", "Ersatzkosten (EUR)", "Replacement cost (EUR)", form="number"),
    _property("planned_successor", "Nachfolger", "Planned successor"),
    _property("last_restore_test", "Letzter Wiederherstellungstest", "Last restore test", form="date"),
    _PRIORITY,
    _COMMENT,
)
TABLES = (
    Table(
        ("Fachverfahren", "Anwendung", "Application"),
        "Application",
        (
            _property("vendor", "Hersteller", "Vendor"),
            _property("version", "Version"),
            _property("operated_by", "Betrieben von", "Operated by"),
            _property("users", "Nutzer", "Users", form="number"),
            _UNIT,
            _hosts("RUNS_ON", "Server", "Servers"),
            _names("RUNS_ON", "Cluster", "Cluster", "Clusters"),
            _names("DEPENDS_ON", "DatabaseInstance", "Datenbank", "Datenbanken", "Databases"),
            _names("DEPENDS_ON", "ExternalService", "Externer Dienst", "Externe Dienste", "External services"),
            _names("SUPPORTS", "BusinessProcess", "Geschäftsprozess", "Geschäftsprozesse", "Business processes"),
            *_CARE,
        ),
    ),
    Table(
        ("Organisationseinheit", "Organisation unit"),
        "OrganisationUnit",
        (
            _names("MEMBER_OF", "OrganisationUnit", "Übergeordnet", "Parent"),
            _property("mailbox", "Funktionspostfach", "Mailbox"),
            _property("hours", "Öffnungszeiten", "Office hours"),
            _property("level", "Ebene", "Level"),
            _DESCRIPTION,
            _COMMENT,
        ),
    ),
    Table(
        ("Geschäftsprozess", "Business process"),
        "BusinessProcess",
        (
            _UNIT,
            _names("DELIVERS", "CitizenService", "Bürgerdienste", "Bürgerdienst", "Citizen services"),
            _names("SUPPORTS", "Application", "Fachverfahren", "Applications", direction="in"),
            *_CARE,
        ),
    ),
    Table(
        ("Bürgerdienst", "Citizen service"),
        "CitizenService",
        (
            Column(("LeiKa", "LeiKa-Schlüssel", "LeiKa key"), property="leika", form="leika", identifier="leika"),
            _UNIT,
            _names("DELIVERS", "Application", "Fachverfahren", "Applications", direction="in"),
            *_CARE,
        ),
    ),
    Table(
        ("Standort", "Location"),
        "Location",
        (
            _names("LOCATED_IN", "Location", "Liegt in", "Übergeordnet", "Located in", "Parent"),
            _property("level", "Ebene", "Level"),
            _property("address", "Adresse", "Address"),
            _hosts("LOCATED_IN", "Server", "Servers", direction="in"),
            _UTILITIES,
            _DESCRIPTION,
            _COMMENT,
        ),
    ),
    Table(
        ("Externer Dienst", "External service"),
        "ExternalService",
        (_property("provider", "Anbieter", "Provider"), _UTILITIES, *_CARE),
    ),
    Table(("Versorgung", "Utility"), "Utility", (_UTILITIES, _DESCRIPTION, _COMMENT)),
    Table(
        ("Cluster",),
        "Cluster",
        (
            _property("required", "Benötigt", "Required", form="number"),
            _hosts("MEMBER_OF", "Mitglieder", "Members", direction="in"),
            _UNIT,
            *_CARE,
        ),
    ),
    Table(
        ("Datenbankinstanz", "Database instance"),
        "DatabaseInstance",
        (
            _property("engine", "Produkt", "Engine"),
            _property("version", "Version"),
            _hosts("RUNS_ON", "Server", "Servers"),
            _UNIT,
            *_CARE,
        ),
    ),
    Table(
        ("Gerät", "Device"),
        "Client",
        (
            _property("vendor", "Hersteller", "Vendor"),
            _property("model", "Modell", "Model"),
            Column(("Seriennummer", "Serial number"), property="serial", identifier="serial"),
            Column(("FQDN",), property="fqdn", identifier="fqdn"),
            Column(("UUID",), identifier="smbios-uuid"),
            Column(("MAC", "MAC-Adresse", "MAC address"), identifier="mac"),
            _property("asset_tag", "Inventarnummer", "Asset tag"),
            _property("purchase_date", "Kaufdatum", "Purchase date", form="date"),
            _property("warranty_end", "Garantieende", "Warranty end", form="date"),
            _UNIT,
            _names("LOCATED_IN", "Location", "Standort", "Location"),
            *_CARE,
        ),
    ),
)
KIND_OF_DEVICE = ("Art", "Kind")
"""The column of the table of devices that says what each is; a client where it is empty."""
FROM, FROM_KIND = ("Von", "From"), ("Von Art", "From kind")
TO, TO_KIND = ("Nach", "To"), ("Nach Art", "To kind")
STRENGTH = ("Stärke", "Strength")
ALTERNATIVES = ("Alternativen", "Alternatives")
STRENGTHS = {
    "": "required",
    "zwingend": "required",
    "required": "required",
    "beeinträchtigt": "degrades",
    "degrades": "degrades",
}
"""What a dependency's strength may be called."""
