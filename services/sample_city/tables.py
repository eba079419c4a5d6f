"""Musterstadt's tables: organisation, services, applications, places, dependencies, a list of devices."""

from services.sample_city import names
from services.sample_city.plan import City, scaled

Rows = list[tuple[str, ...]]
TableFile = tuple[tuple[str, ...], Rows, str]


def tables(city: City) -> dict[str, TableFile]:
    """For each file its header, its rows, and its encoding; offices save their tables as they please."""
    unit = "Organisationseinheit"
    power: Rows = [
        ("Uplink Landesnetz", "einzige Anbindung beider Rechenzentren"),
        ("Netzeinspeisung Rathaus", "10 kV, Trafo 1"),
    ]
    regional: Rows = [(names.REGIONAL, names.REGIONAL, "Uplink Landesnetz")]
    return {
        "organisation.csv": ((unit, "Ebene", "Übergeordnet", "Funktionspostfach"), _units(), "utf-8-sig"),
        "buergerdienste.csv": (("Bürgerdienst", "LeiKa", unit, "Priorität"), _services(city), "cp1252"),
        "prozesse.csv": (("Geschäftsprozess", unit, "Bürgerdienste"), _processes(city), "utf-8"),
        "fachverfahren.csv": (
            ("Fachverfahren", "Hersteller", unit, "Server", "Externer Dienst", "Geschäftsprozess"),
            _applications(city),
            "utf-8-sig",
        ),
        "abhaengigkeiten.csv": (
            ("Von", "Von Art", "Nach", "Nach Art", "Stärke", "Alternativen"),
            _dependencies(city),
            "cp1252",
        ),
        "datenbanken.csv": (("Datenbankinstanz", "Produkt", "Version", "Server"), _databases(), "utf-8"),
        "standorte.csv": (("Standort", "Ebene", "Liegt in", "Server", "Versorgung"), _places(city), "utf-8"),
        "dienste-extern.csv": (("Externer Dienst", "Anbieter", "Versorgung"), regional, "utf-8"),
        "versorgung.csv": (("Versorgung", "Beschreibung"), power, "utf-8"),
        "geraete.csv": (
            ("Gerät", "Art", "Hersteller", "Seriennummer", "Inventarnummer", "Kaufdatum", unit, "Kommentar"),
            _devices(city),
            "cp1252",
        ),
    }


def _units() -> Rows:
    rows: Rows = []
    for dezernat, offices in names.DEZERNATE:
        rows.append((dezernat, "Dezernat", "", ""))
        rows += [(office, "Fachdienst", dezernat, f"{_mail(office)}@musterstadt.example") for office in offices]
    return rows


def _mail(office: str) -> str:
    plain = office.lower()
    for letter, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), (" ", "-")):
        plain = plain.replace(letter, written)
    return plain


def _services(city: City) -> Rows:
    rows: Rows = [(service, leika, office, "1") for _, _, office, _, service, leika in names.CHAINS]
    offices = [office for _, group in names.DEZERNATE for office in group]
    more = names.SERVICES[: max(0, scaled(city.size, 40) - len(rows))]
    return rows + [(service, "", offices[10 + n % 15], "2") for n, service in enumerate(more)]


def _processes(city: City) -> Rows:
    rows: Rows = [(process, office, service) for _, _, office, process, service, _ in names.CHAINS]
    others = [(service, office) for service, _, office, _ in _services(city)[len(rows) :]]
    return rows + [(f"Bearbeitung {service}", office, service) for service, office in others]


def _applications(city: City) -> Rows:
    rows: Rows = []
    processes = [process for process, *_ in _processes(city)[len(names.CHAINS) :]]
    for n, app in enumerate(city.applications):
        process = app.get("process") or (processes[n % len(processes)] if processes and n % 3 == 0 else "")
        told = ("name", "vendor", "office", "server", "external")
        rows.append((*(app.get(part, "") for part in told), process))
    return rows


def _dependencies(city: City) -> Rows:
    """Applications with a story sign on at the directory, of which one controller is enough, and have a database."""
    rows: Rows = []
    stories = {name for name, *_ in names.CHAINS} | {name for name, *_ in names.SHARED}
    for n, app in enumerate(app for app in city.applications if app["name"] in stories and "Access" not in app["name"]):
        rows += [(app["name"], "Fachverfahren", dc, "Server", "zwingend", "Anmeldung") for dc in ("DC01", "DC02")]
        rows.append((app["name"], "Fachverfahren", ("SQL-01", "SQL-02")[n % 2], "Datenbankinstanz", "zwingend", ""))
    rows.append(("VOIS|MESO", "Fachverfahren", "enaio", "Fachverfahren", "beeinträchtigt", ""))
    return rows


def _databases() -> Rows:
    return [
        ("SQL-01", "Microsoft SQL Server", "13.0.6300.2", "SRV-SQL-01"),
        ("SQL-02", "Microsoft SQL Server", "15.0.4415.2", "SRV-SQL-02"),
    ]


def _places(city: City) -> Rows:
    half = len(city.hosts) // 2
    first = ", ".join(host.name for host in city.hosts[half:])
    second = ", ".join(host.name for host in city.hosts[:half])
    rows: Rows = [(site, "Gebäude", "", "", "") for site in names.SITES]
    rows.append(("Rechenzentrum Rathaus", "Raum", "Rathaus", first, "Netzeinspeisung Rathaus, Uplink Landesnetz"))
    rows.append(("Rechenzentrum Feuerwache", "Raum", "Feuerwache", second, "Uplink Landesnetz"))
    return rows


def _devices(city: City) -> Rows:
    """The purchase list: a laptop that two agents report too, and a server that it believes to be gone."""
    old = next(server for server in city.servers if server.name == "SRV-ALT-07")
    rows: Rows = [
        (old.name, "Server", old.vendor, old.serial, "A-0007", "15.03.2011", "Friedhöfe", "ausgesondert 2019")
    ]
    if city.laptop:
        laptop = city.laptop
        rows.append(
            (laptop.name, "Arbeitsplatzrechner", laptop.vendor, laptop.serial, "A-4711", "02.05.2022", "Bürgeramt", "")
        )
    return rows
