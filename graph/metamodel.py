"""The metamodel, as data: every kind, property and relation of the graph, declared once.

Cypher, SQL, the API's documents and `docs/metamodel.md` derive from it. What is not declared here does not enter the
graph.
"""

from dataclasses import replace

from graph.metamodel_form import Kind, Property, RelationType


def _text(name: str, description: str) -> Property:
    return Property(name, "string", description)


def _count(name: str, description: str, unit: str = "") -> Property:
    return Property(name, "integer", description, unit)


def _date(name: str, description: str) -> Property:
    return Property(name, "date", description)


def _milestone(name: str, description: str) -> Property:
    return Property(name, "milestone", description)


def _flag(name: str, description: str) -> Property:
    return Property(name, "boolean", description)


def _group(name: str, *properties: Property) -> tuple[Property, ...]:
    return tuple(replace(item, group=name) for item in properties)


_PROTECTION = tuple(
    _text(f"protection_{goal}", f"BSI protection need for {goal}: normal, hoch or sehr hoch")
    for goal in ("confidentiality", "integrity", "availability")
)
_CARE = _group(
    "care",
    _text("description", "what it is, in a sentence"),
    *_PROTECTION,
    _text("protection_reason", "why the protection need is what it is"),
    _count("recovery_time", "time within which it must run again", "h"),
    _count("recovery_point", "work that may be lost", "h"),
    _text("service_hours", "when it must run"),
    _count("priority", "1 is the first to be restored"),
    _count("replacement_cost", "what replacing it costs", "EUR"),
    _text("planned_successor", "what will replace it"),
    _text("supported_platforms", "platforms its vendor supports, separated by commas"),
    _date("end_of_support", "when its support ends, as its owner or supplier says"),
    _date("last_restore_test", "when a restore was last tried"),
    _date("risk_accepted_until", "last day on which it is accepted that its support has ended"),
    _text("risk_accepted_by", "office or function that accepted it"),
    _text("risk_reason", "why it is accepted"),
    _text("comment", "a remark of its owner"),
)
_HARDWARE = _group(
    "hardware",
    _text("vendor", "manufacturer, as reported"),
    _text("model", "model, as reported"),
    _text("serial", "serial number, as reported"),
    _text("asset_tag", "the owner's inventory number"),
    _text("environment", "production, test, ..."),
    _text("hardware_status", "planned, active, retired, as its owner says"),
    _date("purchase_date", "when it was bought"),
    _date("warranty_end", "when its warranty ends"),
    _date("bios_date", "date of its BIOS or firmware"),
    _text("bios_version", "version of its BIOS"),
    _text("firmware", "version of its firmware, as reported"),
    _text("location", "where it stands, as its own settings say"),
)
_SYSTEM = _group(
    "system",
    _text("hostname", "host name, as reported"),
    _text("fqdn", "fully qualified domain name, as reported"),
    _text("chassis", "chassis type, as reported"),
    _text("virtualisation", "what it runs in: physical, kvm, vmware, docker, ..."),
    _text("architecture", "processor architecture"),
    _text("processor", "processor model"),
    _count("cores", "processor cores"),
    _count("memory_mib", "memory", "MiB"),
    _text("os_name", "operating system, as reported"),
    _text("os_version", "its version, as reported"),
    _text("os_configured", "operating system that its hypervisor is told it has, as reported"),
    _text("power", "on, off or suspended, as its hypervisor says"),
    _text("kernel", "kernel version"),
    _text("domain", "directory domain or workgroup"),
    _text("directory_path", "organisational units of the directory that it hangs below"),
    _text("directory_account", "whether its account in the directory is enabled or disabled"),
    _text("last_logon_month", "month in which it last logged on to the directory, YYYY-MM"),
    _text("last_user", "keyed hash of who was last logged in, where the source keeps hashes of persons"),
    _text("listening", "ports it serves, with the process where it may be read, separated by commas"),
    _text(
        "connects_to_many",
        "ports of servers that are too many to name, with the process and their number as an order of magnitude",
    ),
    _text("services", "system services that run, separated by commas"),
    _text("coverage", "what the source could not read here, separated by commas"),
)
_COMPUTER = (*_HARDWARE, *_SYSTEM)


def _thing(
    label: str, english: str, german: str, description: str, family: str, *rest: Property, named: bool = False
) -> Kind:
    return Kind(label, english, german, "thing", description, family, named, (*rest, *_CARE))


def _city(label: str, english: str, german: str, description: str, *rest: Property) -> Kind:
    return Kind(label, english, german, "city", description, label.lower(), named=True, properties=(*rest, *_CARE))


def _lifecycle(label: str, english: str, german: str, description: str, *rest: Property) -> Kind:
    return Kind(label, english, german, "lifecycle", description, label.lower(), named=True, properties=rest)


KINDS: dict[str, Kind] = {
    kind.label: kind
    for kind in (
        _thing("Server", "Server", "Server", "a computer that serves others", "computer", *_COMPUTER),
        _thing(
            "VirtualMachine",
            "Virtual machine",
            "Virtuelle Maschine",
            "a computer inside another",
            "computer",
            *_COMPUTER,
        ),
        _thing("Client", "Client", "Arbeitsplatzrechner", "a computer one person works at", "computer", *_COMPUTER),
        _thing(
            "NetworkDevice",
            "Network device",
            "Netzwerkgerät",
            "switch, router, firewall, access point",
            "network",
            *_COMPUTER,
        ),
        _thing("Printer", "Printer", "Drucker", "printer or multifunction device", "printer", *_COMPUTER),
        _thing("MobileDevice", "Mobile device", "Mobilgerät", "phone or tablet", "mobile", *_COMPUTER),
        _thing("StorageSystem", "Storage system", "Speichersystem", "disk array or filer", "storage", *_COMPUTER),
        _thing(
            "Cluster",
            "Cluster",
            "Cluster",
            "members that stand for each other",
            "cluster",
            _count("required", "how many members must run; 1 unless said otherwise"),
            named=True,
        ),
        _thing(
            "Workload",
            "Workload",
            "Arbeitslast",
            "a service or container group that runs on a platform",
            "workload",
            _text("namespace", "the platform's name space it is in"),
            _text("controller", "what keeps it running: Deployment, StatefulSet, DaemonSet, CronJob, Pod, ..."),
            _text("part_of", "the application it belongs to, as its labels say"),
            _text("hosts", "host names it answers to, separated by commas"),
            named=True,
        ),
        _thing(
            "DatabaseInstance",
            "Database instance",
            "Datenbankinstanz",
            "one running database server",
            "database",
            _text("engine", "database product"),
            _text("version", "its version, as reported"),
            named=True,
        ),
        _thing(
            "Application",
            "Application",
            "Fachverfahren",
            "software as its users know it",
            "application",
            _text("vendor", "who makes it"),
            _text("version", "its version, as its owner says"),
            _text("operated_by", "who runs it, if not the city"),
            _count("users", "how many use it"),
            named=True,
        ),
        _thing(
            "ExternalService",
            "External service",
            "Externer Dienst",
            "run by a data centre, vendor or carrier",
            "external",
            _text("provider", "who runs it"),
            named=True,
        ),
        _thing("Utility", "Utility", "Versorgung", "power feed, cooling or uplink", "utility", named=True),
        Kind(
            "Endpoint",
            "Endpoint",
            "Endpunkt",
            "thing",
            "referred to, and owned by nobody",
            "endpoint",
            properties=(_text("scheme", "scheme of the identifier referred to"), _text("value", "its value")),
        ),
        Kind(
            "Software",
            "Software",
            "Software",
            "catalogue",
            "a product in a version, as reported",
            "software",
            properties=(
                _text("name", "product or package name"),
                _text("version", "version, with its release"),
                _text("vendor", "publisher"),
                _text("package_type", "deb, rpm, apk, windows, ..."),
                _text("purl", "package URL, as its bill of materials says"),
                _text("cpe", "CPE name, as reported"),
            ),
        ),
        Kind(
            "HardwareModel",
            "Hardware model",
            "Hardwaremodell",
            "catalogue",
            "a model of a manufacturer",
            "model",
            properties=(_text("name", "model"), _text("vendor", "manufacturer")),
        ),
        Kind(
            "OperatingSystem",
            "Operating system",
            "Betriebssystem",
            "catalogue",
            "a release, as reported",
            "os",
            properties=(
                _text("name", "short name or os-release ID"),
                _text("version", "version or VERSION_ID"),
                _text("full_name", "the name in full"),
                _text("edition", "edition"),
                _text("build", "build number"),
            ),
        ),
        _city(
            "OrganisationUnit",
            "Organisation unit",
            "Organisationseinheit",
            "a department, office or team",
            _text("mailbox", "function mailbox"),
            _text("hours", "office hours"),
            _text("level", "Dezernat, Fachdienst, Team"),
        ),
        _city(
            "Location",
            "Location",
            "Standort",
            "site, building, room or rack",
            _text("level", "site, building, room or rack"),
            _text("address", "street and town"),
        ),
        _city("BusinessProcess", "Business process", "Geschäftsprozess", "what an office does"),
        _city(
            "CitizenService",
            "Citizen service",
            "Bürgerdienst",
            "what a citizen asks for",
            _text("leika", "LeiKa key, 14 digits"),
        ),
        _city("Vendor", "Vendor", "Hersteller", "who supplies", _text("contact", "function mailbox or telephone")),
        _city(
            "Contract",
            "Contract",
            "Vertrag",
            "an agreement with a vendor",
            _count("annual_cost", "cost a year", "EUR"),
            _date("end", "when it ends"),
            _count("notice_months", "notice to give", "months"),
            _text(
                "extended_support_of",
                "products whose extended support it pays for, separated by commas; `*`: of all that it covers",
            ),
        ),
        _city(
            "Project",
            "Project",
            "Projekt",
            "a plan that changes the landscape",
            _date("start", "first day"),
            _date("end", "last day"),
        ),
        _lifecycle(
            "LifecycleTable",
            "Lifecycle table",
            "Lebenszyklustabelle",
            "where lifecycle facts are from, and of which day they are",
            _date("as_of", "day of which its facts are"),
            _text("link", "where it is published"),
            _text("licence", "terms of its facts"),
        ),
        _lifecycle(
            "Product",
            "Product",
            "Produkt",
            "what has release lines: a system, a program, a model",
            _text("product", "its name in the table, which its cycles give"),
            _text("vendor", "who makes it"),
            _text("category", "os, app, server-app, device, ..."),
            _text("also_called", "other names, separated by commas"),
            _text("identifiers", "package URLs and CPE names without a version, separated by blanks"),
            _text("link", "page about its lifecycle"),
        ),
        _lifecycle(
            "LifecycleCycle",
            "Lifecycle cycle",
            "Lebenszyklus",
            "a release line of a product, or a model, and its dates",
            _text("vendor", "who makes it"),
            _text("product", "name of its product in the table, or model"),
            _text("cycle", "release line; the whole product where it is empty"),
            _text("build", "build number, where systems report one instead of a version"),
            _date("released", "first day"),
            _milestone("end_of_active_support", "last day of active support"),
            _milestone("end_of_security_support", "last day of security support"),
            _milestone("end_of_extended_support", "last day of extended support, paid or by a community"),
            _milestone("end_of_maintenance", "last day of maintenance: of repairs and spare parts"),
            _milestone("end_of_sale", "last day of sale"),
            _text("successor", "what follows it"),
            _text("citation", "where the dates are from"),
            _text("comment", "a remark"),
        ),
        _lifecycle(
            "ProductAlias",
            "Product alias",
            "Produktalias",
            "what names of a form mean, as a city's own file says",
            _text("section", "kind of name: system, program, package, image, ..."),
            _text("pattern", "regular expression of the whole name; its group v is the version"),
            _text("product", "name of the product in the table; none where it is empty"),
            _text("cycle", "release line, where it is always this one"),
            _text("vendor", "regular expression that must be found in the vendor"),
            _count("number", "place in the file: the first that fits counts"),
        ),
        _lifecycle(
            "MatchDecision",
            "Decision about a match",
            "Zuordnungsentscheid",
            "what a person decided that a reported string means",
            _text("part", "system, program, hardware, firmware, database or application"),
            _text("reported", "the string, as it is shown"),
            _text("product", "name of the product in the table"),
            _text("cycle", "release line; the whole product where it is empty"),
            _text("decision", "confirmed, or rejected: it is not this product"),
            _text("reason", "why"),
            _text("author", "who says so"),
            _date("until", "the last day on which it holds"),
        ),
    )
}

COMPUTERS = frozenset({"Server", "VirtualMachine", "Client"})
DEVICES = COMPUTERS | {"NetworkDevice", "Printer", "MobileDevice", "StorageSystem"}
THINGS = frozenset(kind.label for kind in KINDS.values() if kind.group == "thing")
CATALOGUE = frozenset(kind.label for kind in KINDS.values() if kind.group == "catalogue")
CITY = frozenset(kind.label for kind in KINDS.values() if kind.group == "city")
LIFECYCLE = frozenset(kind.label for kind in KINDS.values() if kind.group == "lifecycle")
"""Facts about products, and no part of the landscape: listed only where they are asked for."""
LANDSCAPE = THINGS | CITY
ASSETS = LANDSCAPE | LIFECYCLE
UNLISTED = LIFECYCLE | {"Endpoint"}
"""Kinds that no list shows unless it is asked for them."""
LISTED = ASSETS - UNLISTED
SOUGHT = ("purchase_date", "bios_date", "end_of_support", "warranty_end", "model", "engine")
"""Properties by whose values assets are sought, those with the most different ones first: stores index them."""
_END = frozenset({"Endpoint"})
_CLAIMABLE = LANDSCAPE - _END

_SAID = (_text("evidence", "declared by a person or observed by a tool"),)
_EVIDENCE = (
    *_SAID,
    _text("process", "process that holds the connection, where there is one"),
    _count("port", "port of the server's side, where there is one"),
    _text("ports", "ports of the server's side with their processes, where there are several, separated by commas"),
    _text("protocol", "tcp or udp"),
    _count("seen", "connections at once, as an order of magnitude: 1, 10, 100, ..., so that it seldom changes"),
)
_WEIGHED = (
    _text("strength", "required: it stops; degrades: it runs worse"),
    _text("alternatives", "name of the group of which any one, or `alternatives_required`, is enough"),
    _count("alternatives_required", "how many of the group are needed"),
)

RELATIONS: dict[str, RelationType] = {
    relation.type: relation
    for relation in (
        RelationType(
            "DEPENDS_ON",
            _CLAIMABLE,
            LANDSCAPE,
            "depends on",
            "hängt ab von",
            "to_source",
            properties=(*_EVIDENCE, *_WEIGHED),
        ),
        RelationType(
            "RUNS_ON",
            _CLAIMABLE,
            THINGS,
            "runs on",
            "läuft auf",
            "to_source",
            properties=(
                *_EVIDENCE,
                *_WEIGHED,
                _text("matched", "what was observed there that a declared mapping puts under the application"),
            ),
        ),
        RelationType(
            "MEMBER_OF", _CLAIMABLE, LANDSCAPE, "is a member of", "gehört zu", "to_target", properties=_EVIDENCE
        ),
        RelationType("CONNECTS_TO", DEVICES, THINGS, "connects to", "verbindet sich mit", properties=_EVIDENCE),
        RelationType(
            "EXCHANGES_DATA_WITH",
            _CLAIMABLE,
            LANDSCAPE,
            "exchanges data with",
            "tauscht Daten aus mit",
            properties=_EVIDENCE,
        ),
        RelationType(
            "INSTALLED",
            THINGS - _END,
            frozenset({"Software"}),
            "has installed",
            "hat installiert",
            properties=(
                _text("architecture", "processor architecture of the package"),
                _date("installed_on", "when it was installed"),
            ),
        ),
        RelationType("IS_MODEL", THINGS - _END, frozenset({"HardwareModel"}), "is a", "ist ein", single=True),
        RelationType(
            "HAS_OS",
            THINGS - _END,
            frozenset({"OperatingSystem"}),
            "runs the system",
            "hat als Betriebssystem",
            single=True,
        ),
        RelationType(
            "FOLLOWS",
            CATALOGUE,
            frozenset({"LifecycleCycle"}),
            "follows",
            "folgt",
            properties=(
                _text("method", "how it was matched"),
                Property("confidence", "number", "how sure the match is, 0 to 1"),
            ),
        ),
        RelationType(
            "SUPPORTS",
            _CLAIMABLE,
            frozenset({"BusinessProcess"}),
            "supports",
            "unterstützt",
            "to_target",
            properties=(*_SAID, *_WEIGHED),
        ),
        RelationType(
            "DELIVERS",
            frozenset({"BusinessProcess", "Application"}),
            frozenset({"CitizenService"}),
            "delivers",
            "erbringt",
            "to_target",
            properties=(*_SAID, *_WEIGHED),
        ),
        RelationType(
            "OWNED_BY", _CLAIMABLE, frozenset({"OrganisationUnit"}), "is owned by", "gehört", properties=_SAID
        ),
        RelationType(
            "LOCATED_IN",
            _CLAIMABLE,
            frozenset({"Location"}),
            "is located in",
            "steht in",
            "to_source",
            properties=_SAID,
        ),
        RelationType(
            "POWERED_BY",
            _CLAIMABLE,
            frozenset({"Utility"}),
            "is powered by",
            "wird versorgt von",
            "to_source",
            properties=(*_SAID, *_WEIGHED),
        ),
        RelationType("CHANGES", frozenset({"Project"}), LANDSCAPE, "changes", "verändert", properties=_SAID),
        RelationType(
            "COVERED_BY", _CLAIMABLE, frozenset({"Contract"}), "is covered by", "ist abgedeckt durch", properties=_SAID
        ),
        RelationType(
            "SUPPLIED_BY", _CLAIMABLE, frozenset({"Vendor"}), "is supplied by", "wird geliefert von", properties=_SAID
        ),
    )
}
CATALOGUE_RELATIONS = frozenset(r.type for r in RELATIONS.values() if r.targets <= CATALOGUE)
CARRIES_FAILURE = frozenset(r.type for r in RELATIONS.values() if r.failure != "none")
OWNERSHIP = "OWNED_BY"
PLACE = frozenset({"LOCATED_IN", "POWERED_BY"})
"""Where a thing stands says nothing of who depends on it."""


GROUPS = frozenset(item.group for kind in KINDS.values() for item in kind.properties)


def family(kind: str) -> str:
    """The family a kind belongs to. Raises KeyError for a kind that is not declared."""
    return KINDS[kind].family
