"""What the page says, in both languages; `{...}` stands for numbers, dates and names in their form."""
# ruff: noqa: ISC004 - a pair of long sentences

import re
from collections.abc import Mapping

from services.report.columns import Both, Language, said
from services.report.view import SEVERAL, UNDATED

WORDS: Mapping[str, Both] = {
    "title": ("Lebenszyklus der IT", "Lifecycle of the city's IT"),
    "asked": ("Stichtag {day}", "As of {day}"),
    "known": ("nach dem Wissen vom {moment}", "by what was known on {moment}"),
    "known_then": (
        "nach dem damaligen Wissen vom {moment}, Erfassung und Lebenszyklen gleichermaßen",
        "by what was known then, on {moment}, of assets and lifecycles alike",
    ),
    "lead": (
        "Von {considered} betrachteten Systemen, Geräten und Verfahren sind {unsupported} ohne Support ({share}); "
        "{ending} verlieren ihn bis zum {until}. Über {unknown} ist nichts bekannt: sie können mit oder ohne Support "
        "sein.",
        "Of {considered} systems, devices and applications considered, {unsupported} are unsupported ({share}); "
        "{ending} will be by {until}. Of {unknown} nothing is known: they may be supported or not.",
    ),
    "counts": (
        "Es zählt: {milestone}. Der letzte Tag selbst hat noch Support.",
        "What counts is the end of {milestone}. The last day itself is supported.",
    ),
    "no_table": (
        "Es ist keine Lebenszyklus-Tabelle geladen. Deshalb ist unbekannt, was mit Support ist und was nicht. "
        "Abhilfe: landkarte lifecycle update",
        "No lifecycle table is loaded, so whether things are supported is unknown. To load one: "
        "landkarte lifecycle update",
    ),
    "nothing": (
        "Es ist nichts erfasst, worüber zu urteilen wäre. Abhilfe: landkarte collect oder landkarte import",
        "Nothing is recorded that could be judged. To record: landkarte collect, or landkarte import",
    ),
    "figures": ("Auf einen Blick", "At a glance"),
    "figures_note": (
        "Anteile am Betrachteten. Unbekanntes steht in keiner anderen Zahl. {inherited} Pakete werden mit "
        "ihrer Distribution beurteilt und nicht eigens gezählt.",
        "Shares of what was considered. Unknown is in no other figure. {inherited} packages are judged with "
        "their distribution, and not counted by themselves.",
    ),
    "what": ("Was", "What"),
    "devices": ("Systeme, Geräte, Verfahren", "Systems, devices, applications"),
    "programs": ("Programme (Installationen)", "Programs (installations)"),
    "unsupported": ("ohne Support", "unsupported"),
    "paid": ("bezahlt verlängert", "on paid extension"),
    "ending": ("endet bis {until}", "ending by {until}"),
    "supported": ("mit Support", "supported"),
    "unknown": ("unbekannt", "unknown"),
    "considered": ("betrachtet", "considered"),
    "paid_ending": (
        "Von den bezahlt Verlängerten enden {n} bis zum {until}; sie zählen auch dort.",
        "Of those on paid extension, {n} end by {until}, and are counted there too.",
    ),
    "coverage": ("Wie vollständig, wie alt", "How complete, how old"),
    "system_reported": ("Betriebssystem gemeldet", "Operating system reported"),
    "of_computers": ("von {n} von {m} Computern ({share})", "by {n} of {m} computers ({share})"),
    "oldest": ("Älteste Quelle", "Oldest source"),
    "newest": ("Neueste Quelle", "Newest source"),
    "heard": ("{source}, zuletzt {moment}", "{source}, last heard of {moment}"),
    "no_source": ("keine", "none"),
    "tables": ("Lebenszyklus-Tabellen", "Lifecycle tables"),
    "table_of": ("{title} vom {day}", "{title} of {day}"),
    "parts": ("Stand je Teil", "State of each part"),
    "chart": (
        "Anteile je Teil als gestapelte Balken; die Zahlen stehen in der folgenden Tabelle",
        "Shares of each part as stacked bars; the numbers are in the table that follows",
    ),
    "part": ("Teil", "Part"),
    "unsupported_title": ("Was ohne Support ist", "What is unsupported"),
    "ending_title": ("Was als Nächstes endet", "What ends next"),
    "shown_of": ("{n} von {m}, das Dringendste zuerst", "{n} of {m}, worst first"),
    "alike": ("und {n} weitere mit demselben Stand", "and {n} more in the same state"),
    "none_here": ("Nichts, soweit bekannt.", "Nothing, as far as is known."),
    "programs_title": ("Programme", "Programs"),
    "groups_of": (
        "{n} von {m} Programmversionen, das Dringendste zuerst; Installationen insgesamt: {k}",
        "{n} of {m} program cycles, worst first; installations in all: {k}",
    ),
    "asset": ("Gerät oder Verfahren", "Asset"),
    "product": ("Produkt und Version", "Product and cycle"),
    "end": ("Ende", "End"),
    "owner": ("Zuständig", "Owner"),
    "dependents": ("Davon hängen ab", "What depends on it"),
    "move_to": ("Wechseln zu", "Move to"),
    "source": ("Quelle", "Source"),
    "installations": ("Zahl", "Number"),
    "example": ("zum Beispiel auf {asset}", "for instance on {asset}"),
    "source_day": ("{source} vom {day}", "{source} of {day}"),
    "estimate": ("geschätzt", "estimated"),
    "paid_by": ("bezahlt durch {contract}", "paid by {contract}"),
    "accepted_mark": ("Risiko getragen bis {day}", "risk accepted until {day}"),
    "lapsed_mark": ("Risiko war getragen bis {day}", "risk was accepted until {day}"),
    "units_title": ("Organisationseinheiten", "Organisation units"),
    "services_title": ("Bürgerdienste", "Citizen services"),
    "ranking_note": (
        "So alt wie das Schlechteste, was dafür gebraucht wird, wie weit entfernt auch immer; Redundanz ist nicht "
        "gewogen. Unbekanntes steht vor dem, was bald endet. Die Zahlen sind ohne Programme, und was mehrere brauchen, "
        "zählt bei jedem.",
        "As old as the worst that is needed for it, however far; redundancy is not weighed. Unknown comes before "
        "what ends soon. The numbers are without programs, and what several need counts for each.",
    ),
    "rank": ("{n} von {m}, das Schlechteste zuerst", "{n} of {m}, worst first"),
    "no_ranking": (
        "Keine erfasst. Abhilfe: die Arbeitsmappe ausfüllen (landkarte template).",
        "None is recorded. To record them, fill in the workbook (landkarte template).",
    ),
    "unit": ("Einheit", "Unit"),
    "service": ("Dienst", "Service"),
    "in_none": ("keiner davon zugeordnet", "belongs to none of them"),
    "cause": ("Wegen", "Because of"),
    "cause_on": ("auf {asset}", "on {asset}"),
    "cause_end": ("Ende {end}", "end {end}"),
    "status": ("Stand", "State"),
    "cause_asset": ("Auf", "On"),
    "earliest": ("Frühestes Ende", "Earliest end"),
    "accepted_title": ("Getragene Risiken", "Accepted risks"),
    "accepted_note": (
        "Ein getragenes Risiko ändert kein Urteil: was ohne Support ist, bleibt oben mitgezählt.",
        "An accepted risk changes no verdict: what is unsupported stays counted above.",
    ),
    "until": ("Getragen bis", "Accepted until"),
    "by": ("Von", "By"),
    "reason": ("Grund", "Reason"),
    "state": ("Urteil", "Verdict"),
    "lapsed": ("abgelaufen", "lapsed"),
    "nothing_ends": ("nichts endet, soweit bekannt", "nothing ends, as far as is known"),
    "gaps_title": ("Was wir nicht wissen", "What we do not know"),
    "gaps_note": (
        "Unbekannt heißt weder sicher noch unsicher. Jede Lücke nennt, was sie schließt.",
        "Unknown is neither safe nor unsafe. Each gap says what closes it.",
    ),
    "gap": ("{part}: {assets} unbekannt", "{part}: {assets} unknown"),
    "gap_of": (
        "{n} von {m} verschiedenen Angaben, die häufigsten zuerst",
        "{n} of {m} distinct things, most frequent first",
    ),
    "reported": ("Gemeldet als", "Reported as"),
    "machines": ("Auf wie vielen", "On how many"),
    "why": ("Warum unbekannt", "Why unknown"),
    "todo": ("Was zu tun ist:", "What to do:"),
    "no_gaps": ("Über alles Betrachtete ist etwas bekannt.", "Of all that was considered something is known."),
    "no_system": (
        "Von {n} Computern ist kein Betriebssystem gemeldet.",
        "Of {n} computers no operating system is reported.",
    ),
    "no_system_todo": (
        "einen Agenten oder einen Sammler für sie einrichten; landkarte ask find zeigt, wer sie nennt.",
        "install an agent, or configure a collector for them; landkarte ask find shows who names them.",
    ),
    "silent_title": ("Quellen, die schweigen", "Silent sources"),
    "silent": ("{source}: zuletzt {moment}", "{source}: last heard of {moment}"),
    "never": ("{source}: noch nie gehört", "{source}: never heard of"),
    "silent_todo": (
        "landkarte check SOURCE sagt, was der Quelle fehlt.",
        "landkarte check SOURCE says what the source lacks.",
    ),
    "made_by": ("Erstellt mit Landkarte {version}", "Made with Landkarte {version}"),
    "trend_title": ("Verlauf", "Trend"),
    "trend_note": (
        "Ohne Programme. Jeder Stand so, wie er am Ende des Tages bekannt war; „endet“ heißt: in den {months} Monaten "
        "danach.",
        "Without programs. Each as it was known at the end of the day; ending means: in the {months} months after it.",
    ),
    "trend_chart": (
        "Anteile an jedem Tag als gestapelte Balken; die Zahlen stehen in der folgenden Tabelle",
        "Shares on each day as stacked bars; the numbers are in the table that follows",
    ),
    "no_trend": (
        "Für diese Einstellungen ist noch kein früherer Stand vermerkt: nach jedem Sonntag und jedem Monatsende kommt "
        "einer hinzu. Frühere rechnet landkarte ask obsolete --trend 12m aus dem Journal.",
        "With these settings no earlier figures are kept yet: they are after each Sunday and each end of a month. "
        "Earlier ones landkarte ask obsolete --trend 12m reckons from the journal.",
    ),
    "day": ("Tag", "Day"),
    "summary_sheet": ("Übersicht", "Summary"),
    "rows_sheet": ("Zeilen", "Rows"),
    "unknown_sheet": ("Unbekannt", "Unknown"),
    "key": ("Angabe", "Item"),
    "ending_short": ("endet im Zeitraum", "ending within the months"),
    "unknown_share": ("Anteil unbekannt", "Share unknown"),
    "last_heard": ("Quelle {source}, zuletzt gehört (UTC)", "Source {source}, last heard of (UTC)"),
    "table_named": ("Lebenszyklus-Tabelle {title}, Stand", "Lifecycle table {title}, of"),
    "todo_head": ("Was zu tun ist", "What to do"),
    "day_asked": ("Stichtag", "Day asked about"),
    "day_known": ("Wissen vom (UTC)", "Known on (UTC)"),
    "computers": ("Computer", "Computers"),
    "with_system": ("davon mit gemeldetem Betriebssystem", "of these with the system reported"),
    "inherited": ("Pakete, mit ihrer Distribution beurteilt", "Packages judged with their distribution"),
    "months": ("Monate im Voraus", "Months ahead"),
    "no_table_short": ("keine geladen: alles unbekannt", "none loaded: all unknown"),
}
TODO: Mapping[str, Both] = {
    "system": (
        "die Angabe einem Produkt zuordnen (landkarte curate match), oder das Gerät von einem Agenten melden lassen.",
        "say which product it is (landkarte curate match), or let an agent report the device.",
    ),
    "hardware": (
        "Kaufdatum oder Ende des Supports in der Arbeitsmappe nachtragen (landkarte template).",
        "enter the date of purchase or the end of support in the workbook (landkarte template).",
    ),
    "firmware": (
        "das Ende dieser Firmware in einer eigenen Lebenszyklus-Tabelle angeben (landkarte lifecycle update FILE).",
        "give the end of this firmware in a lifecycle table of the city's own (landkarte lifecycle update FILE).",
    ),
    "database": (
        "Version melden lassen, oder zuordnen (landkarte curate match).",
        "have the version reported, or say what it is (landkarte curate match).",
    ),
    "application": (
        "beim Hersteller nachfragen und das Ende des Supports in der Arbeitsmappe nachtragen (landkarte template).",
        "ask the vendor, and enter the end of support in the workbook (landkarte template).",
    ),
    "program": (
        "die häufigsten zuordnen (landkarte curate match); viele haben kein veröffentlichtes Ende.",
        "say what the most frequent are (landkarte curate match); many have no published end.",
    ),
}
"""What closes a gap, by part."""
_REASONS: tuple[tuple[str, Both], ...] = (
    (SEVERAL, ("mehrere Versionen kommen infrage", "it may be any of several cycles")),
    (UNDATED, ("für diese Version nennt niemand ein Ende", "nobody says when this cycle ends")),
    (r"the city's table has no application.*", ("keine Tabelle der Stadt nennt ein Ende", "")),
    (r"no rule fits.*|no alias.*|no product has.*", ("kein bekanntes Produkt", "")),
    (r"neither a model's lifecycle.*", ("weder Lebenszyklus des Modells noch Kaufdatum bekannt", "")),
    (r".* is no cycle of the table|.*no cycle of the table fits", ("Version steht nicht in der Tabelle", "")),
    (r".*is not among the listed releases.*", ("Version steht nicht in der Tabelle", "")),
    (r".* without a version", ("ohne Version gemeldet", "")),
    (r".* is no product of the table|known to be no product.*", ("Produkt steht nicht in der Tabelle", "")),
    (r"rejected by (.*)", (r"Zuordnung verworfen von \1", "")),
    (r"older than every cycle.*", ("älter als alles, was die Tabelle kennt", "")),
    (r"an image without.*", ("Abbild ohne Paketadresse", "")),
    (r"a Go module.*", ("Go-Modul, dessen Version eine andere sein kann", "")),
    (r"a build of a distribution", ("Bau einer Distribution", "")),
    (r".*the table has no end of it.*", ("für diese Version nennt niemand ein Ende", "")),
)


class Words:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **told: str) -> str:
        """The text of that key with what is told in its places."""
        return said(WORDS[key], self.language).format(**told)

    def todo(self, part: str) -> str:
        """What closes the gap of a part."""
        return said(TODO[part], self.language)

    def reason(self, told: str) -> str:
        """Why a thing is unknown; what the matcher says in other words is told as it says it."""
        for pattern, both in _REASONS:
            if (found := re.fullmatch(pattern, told)) and (text := said(both, self.language)):
                return found.expand(text)
        return told
