"""What Musterstadt is made of: real products, invented organisation. No persons."""

DEZERNATE = (
    ("Dezernat I Zentrale Dienste", ("Personal", "Organisation", "Informationstechnik", "Recht", "Ratsbüro")),
    ("Dezernat II Finanzen", ("Kämmerei", "Stadtkasse", "Steuern", "Beteiligungen", "Liegenschaften")),
    ("Dezernat III Bürger und Ordnung", ("Bürgeramt", "Standesamt", "Ordnung", "Straßenverkehr", "Feuerwehr")),
    ("Dezernat IV Soziales und Jugend", ("Soziales", "Wohngeld", "Jugendamt", "Schulen", "Kultur")),
    ("Dezernat V Bauen und Umwelt", ("Bauaufsicht", "Stadtplanung", "Tiefbau", "Grünflächen", "Friedhöfe")),
)
SITES = (
    "Rathaus", "Bürgerhaus Nord", "Technisches Rathaus", "Sozialzentrum", "Stadtbücherei", "Bauhof", "Feuerwache",
    "Kulturzentrum",
)  # fmt: skip

CHAINS = (
    # application, vendor, office, process, citizen service, LeiKa key
    ("VOIS|MESO", "HSH", "Bürgeramt", "Meldewesen", "Wohnsitz anmelden", "99115005104000"),
    ("AutiSta", "Verlag für Standesamtswesen", "Standesamt", "Personenstandswesen", "Geburtsurkunde", "99027002012000"),
    ("GESO", "HSH", "Ordnung", "Gewerberegister", "Gewerbe anmelden", "99050012104000"),
    ("Wohngeldverfahren", "IT.Land", "Wohngeld", "Wohngeldbewilligung", "Wohngeld", "99107023037000"),
    ("Infoma newsystem", "Axians Infoma", "Steuern", "Steuerveranlagung", "Hundesteuer", "99102013104000"),
    ("OPEN/PROSOZ", "Prosoz", "Soziales", "Sozialhilfe", "Hilfe zum Lebensunterhalt", ""),
    ("OK.VERKEHR", "AKDB", "Straßenverkehr", "Kfz-Zulassung", "Kfz anmelden", ""),
    ("ProBAUG", "Prosoz", "Bauaufsicht", "Baugenehmigung", "Bauantrag", ""),
    ("Friedhofsverwaltung", "", "Friedhöfe", "Bestattungswesen", "Grabstelle", ""),
    ("Bewohnerparken (Access-Datei)", "", "Straßenverkehr", "Parkraum", "Bewohnerparkausweis", ""),
)
"""Applications that the answers of the demonstration turn on; each size has them all."""
SHARED = (("enaio", "OPTIMAL SYSTEMS", "Organisation"), ("SessionNet", "Somacos", "Ratsbüro"))
SERVICES = (
    "Personalausweis", "Reisepass", "Führungszeugnis", "Meldebescheinigung", "Eheschließung", "Sterbeurkunde",
    "Gaststättenerlaubnis", "Sondernutzung", "Fundsachen", "Führerschein", "Elterngeld", "Kita-Platz",
    "Schulanmeldung", "Bildung und Teilhabe", "Unterhaltsvorschuss", "Schwerbehindertenausweis", "Grundsteuer",
    "Gewerbesteuer", "Vergnügungssteuer", "Baumfällung", "Straßenaufbruch", "Denkmalschutz", "Bebauungsplan",
    "Bücherei-Ausweis", "Musikschule", "Sportstätten", "Sperrmüll", "Winterdienst", "Melderegisterauskunft",
    "Beglaubigung",
)  # fmt: skip
TOOLS = (
    "Terminvergabe", "Aktenverwaltung", "Gebührenkasse", "Formularserver", "Statistik", "Außendienst", "Archiv",
    "Beschwerden", "Geodaten", "Zeiterfassung",
)  # fmt: skip
"""With an office's name each is one of its applications."""
REGIONAL = "Kommunales Rechenzentrum Musterland"

# Systems: (share of 500 servers, name, version, full name, kernel or build); real products, invented counts.
SERVER_SYSTEMS = (
    (74, "Windows", "1607", "Microsoft Windows Server 2016 Standard", "10.0.14393"),
    (9, "Windows", "", "Microsoft Windows Server 2012 R2 Standard", "6.3.9600"),
    (120, "Windows", "1809", "Microsoft Windows Server 2019 Standard", "10.0.17763"),
    (111, "Windows", "21H2", "Microsoft Windows Server 2022 Standard", "10.0.20348"),
    (10, "Windows", "24H2", "Microsoft Windows Server 2025 Standard", "10.0.26100"),
    (40, "Debian", "12", "Debian GNU/Linux 12 (bookworm)", "6.1.0-28-amd64"),
    (20, "Debian", "11", "Debian GNU/Linux 11 (bullseye)", "5.10.0-33-amd64"),
    (20, "Ubuntu", "22.04.5 LTS (Jammy Jellyfish)", "Ubuntu 22.04.5 LTS", "5.15.0-127-generic"),
    (12, "Ubuntu", "20.04.6 LTS (Focal Fossa)", "Ubuntu 20.04.6 LTS", "5.4.0-204-generic"),
    (20, "RedHat", "8.10", "Red Hat Enterprise Linux 8.10 (Ootpa)", "4.18.0-553.el8_10.x86_64"),
    (6, "RedHat", "7.9", "Red Hat Enterprise Linux Server 7.9 (Maipo)", "3.10.0-1160.el7.x86_64"),
    (18, "SuSE", "15", "SUSE Linux Enterprise Server 15 SP5", "5.14.21-150500"),
    (20, "Univention", "5.0", "Univention Corporate Server 5.0", "4.19.0-27-amd64"),
)
HYPERVISORS = (
    (8, "VMware ESXi", "7.0.3", "VMware ESXi 7.0.3 build-21930508", ""),
    (12, "VMware ESXi", "8.0.2", "VMware ESXi 8.0.2 build-23305546", ""),
)
CLIENT_SYSTEMS = (
    (310, "Windows", "22H2", "Microsoft Windows 10 Pro", "10.0.19045"),
    (1250, "Windows", "25H2", "Microsoft Windows 11 Enterprise", "10.0.26200"),
    (300, "Windows", "23H2", "Microsoft Windows 11 Enterprise", "10.0.22631"),
    (50, "Windows", "24H2", "Microsoft Windows 11 Pro", "10.0.26100"),
    (40, "Ubuntu", "24.04.3 LTS (Noble Numbat)", "Ubuntu 24.04.3 LTS", "6.8.0-60-generic"),
    (50, "MacOSX", "15.5", "macOS 15.5", "24.5.0"),
)
# Programs that an answer turns on: (share of 500 servers, name, version, publisher).
PROGRAMS = (
    (12, "Microsoft SQL Server 2016 (64-bit)", "13.3.6300.2", "Microsoft Corporation"),
    (2, "Microsoft Exchange Server 2019 Cumulative Update 14", "15.2.1544.4", "Microsoft Corporation"),
    (2, "Microsoft SharePoint Server 2019", "16.0.10337.12109", "Microsoft Corporation"),
    (11, "PostgreSQL 14", "14.20", "PostgreSQL Global Development Group"),
    (5, "Apache Tomcat 9.0", "9.0.98", "The Apache Software Foundation"),
)
HARDWARE = (
    ("Dell Inc.", "PowerEdge R740", "Rack Mount Chassis"),
    ("HPE", "ProLiant DL380 Gen10", "Rack Mount Chassis"),
    ("FUJITSU", "PRIMERGY RX2540 M5", "Rack Mount Chassis"),
)
CLIENT_HARDWARE = (
    ("Dell Inc.", "OptiPlex 7090", "Desktop"),
    ("LENOVO", "ThinkPad L14 Gen 3", "Notebook"),
    ("FUJITSU", "ESPRIMO D7010", "Desktop"),
    ("HP", "EliteBook 840 G8", "Notebook"),
)
LINUX_MAKERS = {
    "RedHat": ("Red Hat, Inc.", "-1.el8", "rpm"),
    "SuSE": ("SUSE LLC <https://www.suse.com/>", "-150500.1.1", "rpm"),
}
"""Publisher, release suffix and format of a distribution's packages; the others' are Debian's format, unsigned."""
LINUX_STEMS = (
    "libssl", "libcurl", "zlib", "glib", "python3", "perl", "openssh", "systemd", "bash", "coreutils", "libxml2",
    "krb5", "samba", "cups", "nginx", "apache2", "postfix", "rsyslog", "sudo", "tar", "gzip", "gnupg", "dbus",
    "network", "firmware", "grub", "linux-tools", "openldap", "sqlite", "ncurses", "readline", "iptables", "lvm2",
    "mdadm", "nfs", "ntp", "chrony", "snmp", "tzdata", "vim", "less", "man-db", "rsync", "wget", "git", "make",
)  # fmt: skip
LINUX_SUFFIXES = (
    "",
    "-common",
    "-data",
    "-utils",
    "-bin",
    "-dev",
    "-doc",
    "-core",
    "-tools",
    "-client",
    "-libs",
    "-l10n",
)
WINDOWS_STEMS = (
    "Microsoft Visual C++ 2019 Redistributable", "7-Zip", "Adobe Acrobat Reader", "Citrix Workspace", "VLC",
    "XMind", "KeePass", "FileZilla Client", "PuTTY", "WinSCP", "Greenshot", "PDF24 Creator", "IrfanView",
    "Java 8 Update 401", "TeamViewer Host", "Sophos Endpoint Agent", "opsi-client-agent", "baramundi Management Agent",
    "VMware Tools", "Veeam Agent", "GLPI Agent", "Cisco AnyConnect", "OpenScape Client", "SAP GUI", "DATEV Viewer",
    "QGIS", "ArcGIS Runtime", "Zoom Workplace", "Webex", "Nextcloud Client", "Intel Graphics Driver", "Dell Command",
    "Lenovo Vantage", "HP Support Assistant", "Brother Printer Driver", "Kyocera TWAIN Driver", "ScanSnap Home",
)  # fmt: skip
WINDOWS_SUFFIXES = (
    "", " (x64)", " (x86)", " Sprachpaket - Deutsch", " Update", " Add-in", " Runtime", " Konfiguration", " Plug-in",
    " Dokumentation", " Diagnose", " SDK",
)  # fmt: skip
