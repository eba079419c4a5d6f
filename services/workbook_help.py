"""What the header of each column of the workbook explains, in German and English."""

from graph.metamodel import KINDS
from services.collectors.spreadsheet.tables import TABLES, Column

_NAMES = {
    "de": "Namen aus dem Blatt „{}“, mehrere durch Komma getrennt (Namen mit Komma: durch Semikolon).",
    "en": "Names from the sheet “{}”, several separated by commas (names with a comma: by semicolons).",
}
_HOSTS = {
    "de": "Rechnernamen, mehrere durch Komma getrennt; so, wie die Rechner selbst heißen.",
    "en": "Host names, several separated by commas; as the computers call themselves.",
}
_FORMS = {
    "text": {"de": "", "en": ""},
    "number": {"de": " Eine ganze Zahl.", "en": " A whole number."},
    "date": {"de": " Ein Datum, zum Beispiel 31.12.2026.", "en": " A date, for example 2026-12-31."},
    "milestone": {
        "de": " Der letzte Tag, zum Beispiel 31.12.2026; „beendet“, wenn kein Tag bekannt ist; „offen“, wenn keiner "
        "angekündigt ist.",
        "en": " The last day, for example 2026-12-31; 'ended' where no day is known; 'open' where none is announced.",
    },
    "leika": {"de": " 14 Ziffern, beginnend mit 99.", "en": " 14 digits that begin with 99."},
    "protection": {"de": " normal, hoch oder sehr hoch.", "en": " normal, high or very high."},
}
NAME = {
    "de": "Der Name. Jeder Name steht nur einmal in diesem Blatt; andere Blätter nennen ihn genau so. Pflichtfeld.",
    "en": "The name. Each name stands once in this sheet; other sheets use it exactly so. Must be given.",
}
DEPENDENCY = {
    "Von": {"de": "Wer abhängt. Pflichtfeld.", "en": "Who depends. Must be given."},
    "Von Art": {"de": "Was das ist. Pflichtfeld.", "en": "What that is. Must be given."},
    "Nach": {"de": "Wovon. Pflichtfeld.", "en": "On what. Must be given."},
    "Nach Art": {"de": "Was das ist. Pflichtfeld.", "en": "What that is. Must be given."},
    "Stärke": {
        "de": "zwingend: ohne das steht es; beeinträchtigt: es läuft schlechter weiter. Leer: zwingend.",
        "en": "required: without it, it stops; degrades: it goes on, but worse. Empty: required.",
    },
    "Alternativen": {
        "de": "Abhängigkeiten desselben „Von“ mit demselben Text hier ersetzen einander.",
        "en": "Dependencies of the same “From” with the same text here stand for each other.",
    },
    "Davon benötigt": {
        "de": "Wie viele der Alternativen laufen müssen. Leer: eine.",
        "en": "How many of the alternatives must run. Empty: one.",
    },
}
KIND = {"de": "Was das Gerät ist. Leer: Arbeitsplatzrechner.", "en": "What the device is. Empty: client."}
GERMAN = {
    "vendor": "Wer es herstellt.",
    "version": "Version, wie sie der Betreuer nennt.",
    "operated_by": "Wer es betreibt, wenn nicht die Stadt.",
    "users": "Wie viele es nutzen.",
    "description": "Was es ist, in einem Satz.",
    "protection_confidentiality": "Schutzbedarf nach BSI: Vertraulichkeit.",
    "protection_integrity": "Schutzbedarf nach BSI: Integrität.",
    "protection_availability": "Schutzbedarf nach BSI: Verfügbarkeit.",
    "protection_reason": "Warum der Schutzbedarf so ist.",
    "recovery_time": "Zeit, nach der es wieder laufen muss, in Stunden.",
    "recovery_point": "Arbeit, die höchstens verloren gehen darf, in Stunden.",
    "service_hours": "Wann es laufen muss.",
    "replacement_cost": "Was Ersatz oder Vorhaben kostet, in Euro.",
    "planned_successor": "Was es ablösen wird.",
    "end_of_support": "Wann Hersteller oder Betreiber die Unterstützung beenden.",
    "risk_accepted_until": "Letzter Tag, bis zu dem ein Betrieb ohne Support hingenommen wird.",
    "risk_accepted_by": "Amt oder Funktion, die das Risiko trägt; keine Namen von Personen.",
    "risk_reason": "Warum es hingenommen wird.",
    "extended_support_of": "Produkte, deren verlängerter Support bezahlt ist; * für alles, was der Vertrag abdeckt.",
    "last_restore_test": "Wann zuletzt eine Wiederherstellung geprobt wurde.",
    "priority": "1 wird zuerst wiederhergestellt.",
    "comment": "Eine Bemerkung.",
    "mailbox": "Funktionspostfach; keine Namen von Personen.",
    "hours": "Öffnungszeiten.",
    "level": "Ebene: Dezernat, Fachdienst, Team; bei Orten Standort, Gebäude, Raum, Schrank.",
    "leika": "Schlüssel aus dem Leistungskatalog (LeiKa).",
    "address": "Straße und Ort.",
    "provider": "Wer ihn betreibt.",
    "required": "Wie viele Mitglieder laufen müssen.",
    "engine": "Datenbankprodukt.",
    "model": "Modell, wie der Hersteller es nennt.",
    "serial": "Seriennummer; dazu gehört der Hersteller.",
    "fqdn": "Vollständiger Rechnername mit Domäne.",
    "asset_tag": "Inventarnummer der Stadt.",
    "purchase_date": "Wann es gekauft wurde.",
    "warranty_end": "Wann die Garantie endet.",
    "contact": "Funktionspostfach oder Telefon; keine Namen von Personen.",
    "annual_cost": "Kosten im Jahr, in Euro.",
    "end": "Letzter Tag.",
    "start": "Erster Tag.",
    "notice_months": "Kündigungsfrist in Monaten.",
    "product": "Produkt oder Modell, für das die Daten gelten.",
    "cycle": "Versionslinie, zum Beispiel 2019; leer: das ganze Produkt.",
    "released": "Erster Tag.",
    "end_of_active_support": "Bis wann der Hersteller noch weiterentwickelt.",
    "end_of_security_support": "Bis wann es Sicherheitsaktualisierungen gibt.",
    "end_of_extended_support": "Bis wann es sie gegen Bezahlung oder von einer Gemeinschaft länger gibt.",
    "end_of_maintenance": "Bis wann repariert wird und es Ersatzteile gibt.",
    "end_of_sale": "Bis wann es verkauft wird.",
    "successor": "Was darauf folgt.",
    "citation": "Woher die Daten sind: eine Seite, ein Schreiben.",
}
"""The metamodel describes properties in English."""
_IDENTIFIERS = {
    "smbios-uuid": {"de": "UUID aus der Firmware (SMBIOS).", "en": "UUID of its firmware (SMBIOS)."},
    "mac": {"de": "MAC-Adresse.", "en": "MAC address."},
}
ABOUT = {
    "de": (
        "Landkarte: was kein Agent weiß",
        "Eine Zeile je Ding, ein Blatt je Art. Die Hilfe zu jeder Spalte steht im Kommentar ihrer Überschrift.",
        "Pflicht ist nur die erste Spalte, bei Abhängigkeiten die ersten vier. Was leer ist, ist nicht gesagt.",
        "Kursive Zeilen mit „Beispiel: “ sind Beispiele. Unverändert sagen sie nichts; sie dürfen gelöscht werden.",
        "Spalten dürfen fehlen oder umgestellt werden; die erste Spalte nicht, denn sie sagt, welches Blatt es ist.",
        "Namen von Personen gehören nicht hierher: Funktionspostfächer statt E-Mail-Adressen einzelner Menschen.",
        "Einlesen: landkarte import workbook DATEI.xlsx --dry-run zeigt Fehler mit Blatt, Zelle und Grund.",
    ),
    "en": (
        "Landkarte: what no agent knows",
        "One row a thing, one sheet a kind. The comment of each header explains its column.",
        "Only the first column must be filled (of dependencies the first four). What is empty is not said.",
        "The rows in italics with “Example: ” are examples. Unchanged they are not read; they may be deleted.",
        "Columns may be missing or moved, except the first, which says which table the sheet is.",
        "No names of persons: function mailboxes instead of anybody's own e-mail address.",
        "To read it: landkarte import workbook FILE.xlsx --dry-run shows faults with sheet, cell and reason.",
    ),
}


def help_of(kind: str, column: Column, language: str) -> str:
    """What a cell of this column says, and how it is written."""
    if column.relation:
        if column.scheme == "host":
            return _HOSTS[language]
        title = next(table.titles for table in TABLES if table.kind == column.to)[language == "en"]
        return _NAMES[language].format(title)
    if not column.property:
        return _IDENTIFIERS[column.identifier][language]
    if language == "de":
        return GERMAN[column.property] + _FORMS[column.form]["de"]
    told = next(item for item in KINDS[kind].properties if item.name == column.property)
    unit = f" ({told.unit})" if told.unit else ""
    return f"{told.description[0].upper()}{told.description[1:]}{unit}.{_FORMS[column.form]['en']}"
