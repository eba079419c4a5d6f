"""Times as the configuration writes them: schedules and ages."""

import re
from datetime import timedelta

from apscheduler.triggers.cron import CronTrigger

AGE = re.compile(r"(?P<number>[1-9][0-9]{0,3}) (?P<unit>day|week)s?")


def parse_schedule(text: str) -> CronTrigger | dict[str, int]:
    """A cron trigger in UTC, or the arguments of an interval. Raises ValueError."""
    words = text.split()
    if len(words) == 3 and words[0] == "every" and words[1].isdigit() and int(words[1]) > 0:  # noqa: PLR2004
        unit = words[2] if words[2].endswith("s") else f"{words[2]}s"
        if unit in {"minutes", "hours", "days", "weeks"}:
            return {unit: int(words[1])}
    try:
        return CronTrigger.from_crontab(text, timezone="UTC")
    except ValueError as error:
        raise ValueError(
            f'{text!r} is no schedule; allowed are cron ("15 2 * * *", in UTC) and "every N minutes|hours|days|weeks"'
        ) from error


def parse_age(text: str) -> timedelta:
    """Raises ValueError."""
    found = AGE.fullmatch(text)
    if found is None:
        raise ValueError(f'{text!r} is no age; allowed are "N days" and "N weeks", N from 1 to 9999')
    return timedelta(**{f"{found['unit']}s": int(found["number"])})
