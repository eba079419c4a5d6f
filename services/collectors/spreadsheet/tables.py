"""The tables a spreadsheet may hold, as data: headers in German and English, and what a cell of each says.

The header of the first column names the table; `docs/spreadsheet.md` shows them all, and `landkarte template` writes
them. Of the headers the first is the German one that is written, the second the English one; the rest are read too.
"""

from dataclasses import dataclass, field
from typing import Literal

Form = Literal["text", "number", "date", "milestone", "leika", "protection"]


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
    """A table; the first column's header is one of `headers` and its cells name things of `kind`.

    `titles`: of its sheet in a workbook, German and English.
    """

    headers: tuple[str, ...]
    kind: str
    titles: tuple[str, str]
    columns: tuple[Column, ...] = field(default=())


def _property(name: str, *headers: str, form: Form = "text") -> Column:
    return Column(headers, property=name, form=form)


def _ends(what: str, *headers: str) -> Column:
    return _property(f"end_of_{what}", *headers, form="milestone")


def _names(relation: str, to: str, *headers: str, direction: Literal["out", "in"] = "out") -> Column:
    return Column(headers, relation=relation, to=to, direction=direction)


def _hosts(relation: str, *headers: str, direction: Literal["out", "in"] = "out") -> Column:
    return Column(headers, relation=relation, to="Server", scheme="host", direction=direction)


_DESCRIPTION = _property("description", "Beschreibung", "Description")
_COMMENT = _property("comment", "Kommentar", "Comment", "Bemerkung")
_PRIORITY = _property("priority", "Priorität", "Priority", form="number")
_UNIT = _names("OWNED_BY", "OrganisationUnit", "Organisationseinheit", "Organisation unit", "Zuständig")
_VENDOR = _names("SUPPLIED_BY", "Vendor", "Lieferant", "Supplier")
_CONTRACTS = _names("COVERED_BY", "Contract", "Verträge", "Contracts", "Vertrag")
_UTILITIES = _names("POWERED_BY", "Utility", "Versorgung", "Utilities")
_FEEDS = _names("POWERED_BY", "Utility", "Versorgt durch", "Powered by")
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
    _property("end_of_support", "Supportende", "End of support", form="date"),
    _property("last_restore_test", "Letzter Wiederherstellungstest", "Last restore test", form="date"),
    _property("risk_accepted_until", "Risiko getragen bis", "Risk accepted until", form="date"),
    _property("risk_accepted_by", "Risiko getragen von", "Risk accepted by"),
    _property("risk_reason", "Begründung des Risikos", "Risk reason"),
    _PRIORITY,
    _COMMENT,
)
TABLES = (
    Table(
        ("Fachverfahren", "Application", "Anwendung"),
        "Application",
        ("Anwendungen", "Applications"),
        (
            _property("vendor", "Hersteller", "Vendor"),
            _property("version", "Version"),
            _property("operated_by", "Betrieben von", "Operated by"),
            _property("users", "Nutzer", "Users", form="number"),
            _UNIT,
            _hosts("RUNS_ON", "Server", "Servers"),
            _names("RUNS_ON", "Cluster", "Cluster", "Clusters"),
            _names("DEPENDS_ON", "DatabaseInstance", "Datenbanken", "Databases", "Datenbank"),
            _names("DEPENDS_ON", "ExternalService", "Externe Dienste", "External services", "Externer Dienst"),
            _names("SUPPORTS", "BusinessProcess", "Geschäftsprozesse", "Business processes", "Geschäftsprozess"),
            _VENDOR,
            _CONTRACTS,
            *_CARE,
        ),
    ),
    Table(
        ("Organisationseinheit", "Organisation unit"),
        "OrganisationUnit",
        ("Organisation", "Organisation"),
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
        ("Geschäftsprozesse", "Processes"),
        (
            _UNIT,
            _names("DELIVERS", "CitizenService", "Bürgerdienste", "Citizen services", "Bürgerdienst"),
            _names("SUPPORTS", "Application", "Fachverfahren", "Applications", direction="in"),
            *_CARE,
        ),
    ),
    Table(
        ("Bürgerdienst", "Citizen service"),
        "CitizenService",
        ("Bürgerdienste", "Citizen services"),
        (
            Column(("LeiKa", "LeiKa key", "LeiKa-Schlüssel"), property="leika", form="leika", identifier="leika"),
            _UNIT,
            _names("DELIVERS", "Application", "Fachverfahren", "Applications", direction="in"),
            *_CARE,
        ),
    ),
    Table(
        ("Standort", "Location"),
        "Location",
        ("Standorte", "Locations"),
        (
            _names("LOCATED_IN", "Location", "Liegt in", "Located in", "Übergeordnet", "Parent"),
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
        ("Externe Dienste", "External services"),
        (_property("provider", "Anbieter", "Provider"), _UTILITIES, _VENDOR, _CONTRACTS, *_CARE),
    ),
    Table(("Versorgung", "Utility"), "Utility", ("Versorgung", "Utilities"), (_FEEDS, _DESCRIPTION, _COMMENT)),
    Table(
        ("Cluster",),
        "Cluster",
        ("Cluster", "Clusters"),
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
        ("Datenbanken", "Databases"),
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
        ("Server und Geräte", "Servers and devices"),
        (
            _property("vendor", "Hersteller", "Vendor"),
            _property("model", "Modell", "Model"),
            Column(("Seriennummer", "Serial number"), property="serial", identifier="serial"),
            Column(("FQDN",), property="fqdn", identifier="fqdn"),
            Column(("UUID",), identifier="smbios-uuid"),
            Column(("MAC-Adresse", "MAC address", "MAC"), identifier="mac"),
            _property("asset_tag", "Inventarnummer", "Asset tag"),
            _property("purchase_date", "Kaufdatum", "Purchase date", form="date"),
            _property("warranty_end", "Garantieende", "Warranty end", form="date"),
            _UNIT,
            _names("LOCATED_IN", "Location", "Standort", "Location"),
            _VENDOR,
            _CONTRACTS,
            *_CARE,
        ),
    ),
    Table(
        ("Lieferant", "Supplier", "Vertragspartner", "Hersteller", "Vendor"),
        "Vendor",
        ("Lieferanten", "Suppliers"),
        (_property("contact", "Kontakt", "Contact"), _DESCRIPTION, _COMMENT),
    ),
    Table(
        ("Vertrag", "Contract"),
        "Contract",
        ("Verträge und Kosten", "Contracts and costs"),
        (
            _VENDOR,
            _property("annual_cost", "Jährliche Kosten (EUR)", "Annual cost (EUR)", form="number"),
            _property("end", "Vertragsende", "Contract end", form="date"),
            _property("notice_months", "Kündigungsfrist (Monate)", "Notice (months)", form="number"),
            _property("extended_support_of", "Verlängerter Support für", "Extended support of"),
            _names("COVERED_BY", "Application", "Fachverfahren", "Applications", direction="in"),
            Column(("Server", "Servers"), relation="COVERED_BY", direction="in", scheme="host", to="Server"),
            _UNIT,
            _DESCRIPTION,
            _COMMENT,
        ),
    ),
    Table(
        ("Projekt", "Project"),
        "Project",
        ("Projekte", "Projects"),
        (
            _property("start", "Beginn", "Start", form="date"),
            _property("end", "Ende", "End", form="date"),
            _names("CHANGES", "Application", "Fachverfahren", "Applications"),
            _hosts("CHANGES", "Server", "Servers"),
            _UNIT,
            _PRIORITY,
            _property("replacement_cost", "Kosten (EUR)", "Cost (EUR)", form="number"),
            _DESCRIPTION,
            _COMMENT,
        ),
    ),
    Table(
        ("Produktlinie", "Product line"),
        "LifecycleCycle",
        ("Lebenszyklen", "Lifecycle dates"),
        (
            _property("vendor", "Hersteller", "Vendor"),
            _property("product", "Produkt oder Modell", "Product or model"),
            _property("cycle", "Versionslinie", "Cycle"),
            _property("released", "Erschienen", "Released", form="date"),
            _ends("active_support", "Ende des aktiven Supports", "End of active support"),
            _ends("security_support", "Ende der Sicherheitsaktualisierungen", "End of security support"),
            _ends("extended_support", "Ende des verlängerten Supports", "End of extended support"),
            _ends("maintenance", "Ende der Wartung", "End of maintenance"),
            _ends("sale", "Verkaufsende", "End of sale"),
            _property("successor", "Nachfolger", "Successor"),
            _property("citation", "Quelle", "Source"),
            _COMMENT,
        ),
    ),
)
KIND_OF_DEVICE = ("Art", "Kind")
"""The column of the table of devices that says what each is; a client where it is empty."""
FROM, FROM_KIND = ("Von", "From"), ("Von Art", "From kind")
TO, TO_KIND = ("Nach", "To"), ("Nach Art", "To kind")
STRENGTH = ("Stärke", "Strength")
ALTERNATIVES = ("Alternativen", "Alternatives")
ALTERNATIVES_REQUIRED = ("Davon benötigt", "Of these required")
DEPENDENCIES = (FROM, FROM_KIND, TO, TO_KIND, STRENGTH, ALTERNATIVES, ALTERNATIVES_REQUIRED)
"""The columns of the table of dependencies, which says what no table of things has a column for."""
DEPENDENCY_TITLES = ("Abhängigkeiten", "Dependencies")
NO_TABLES = frozenset({"anleitung", "instructions", "listen", "lists"})
"""Sheets of the template that hold no table."""
STRENGTHS = {
    "": "required",
    "zwingend": "required",
    "required": "required",
    "beeinträchtigt": "degrades",
    "degrades": "degrades",
}
"""What a dependency's strength may be called."""
