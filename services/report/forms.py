"""How dates and numbers are written in each language: 13.01.2027, 1.234 and 12,5 %; 2027-01-13, 1,234 and 12.5%."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from inventory.milestones import Milestone, Undated
from services.report.columns import UNDATED, Language, said

NOTHING = "\N{EN DASH}"
_THIN = "\N{NO-BREAK SPACE}"
FEW = 3
"""How many names of a longer list are shown."""


class Forms:
    """The forms of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._german = language == "de"

    def number(self, value: int) -> str:
        text = f"{value:,}"
        return text.replace(",", ".") if self._german else text

    def share(self, part: int, whole: int) -> str:
        """Never none where there is one, and never all where one is missing."""
        if not whole:
            return NOTHING
        percent = 100 * part / whole
        if 0 < percent < 0.1:  # noqa: PLR2004 - the least that one digit tells
            return f"<{_THIN}{self._percent(0.1)}"
        if 99.9 < percent < 100:  # noqa: PLR2004 - the most
            return f">{_THIN}{self._percent(99.9)}"
        return self._percent(percent)

    def _percent(self, percent: float) -> str:
        text = f"{percent:.1f}"
        return f"{text.replace('.', ',')}{_THIN}%" if self._german else f"{text}%"

    def day(self, value: date | None) -> str:
        if value is None:
            return NOTHING
        return f"{value:%d.%m.}{value.year:04}" if self._german else value.isoformat()

    def moment(self, value: datetime | None) -> str:
        if value is None:
            return NOTHING
        value = value.astimezone(UTC)
        return f"{self.day(value.date())}{', ' if self._german else ' '}{value:%H:%M} UTC"

    def end(self, value: Milestone) -> str:
        if isinstance(value, Undated):
            return said(UNDATED[value.value], self.language)
        return self.day(value)

    def names(self, values: Sequence[str]) -> str:
        """The first of them, and how many more there are."""
        more = len(values) - FEW
        shown = ", ".join(values[:FEW])
        if more <= 0:
            return shown or NOTHING
        return f"{shown} {'und' if self._german else 'and'} {self.number(more)} {'weitere' if self._german else 'more'}"
