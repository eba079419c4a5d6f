"""What the sample city lacks: a cluster with a portal on it, a contract, a project, a server nobody has seen."""

TABLES = {
    "cluster.csv": "Cluster;Benötigt;Mitglieder\nPortalcluster;1;SRV-0001, SRV-0002\n",
    "standorte.csv": "Standort;Ebene;Liegt in;Server\nSchrank 7;Rack;Rechenzentrum Rathaus;SRV-0001, SRV-0002\n",
    "lieferanten.csv": "Lieferant;Beschreibung\nHSH;pflegt VOIS|MESO\n",
    "vertraege.csv": "Vertrag;Lieferant;Fachverfahren\nPflege VOIS|MESO;HSH;VOIS|MESO\n",
    "projekte.csv": "Projekt;Fachverfahren\nAblösung Friedhofsverwaltung;Friedhofsverwaltung\n",
    "fachverfahren.csv": (
        "Fachverfahren;Server;Cluster;Geschäftsprozess\nWahlhelfer;SRV-WAHL-01;;\nPortal;;Portalcluster;Meldewesen\n"
    ),
}


def write_more(folder):
    """The folder with these tables."""
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
