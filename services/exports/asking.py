"""From what a person names to the document about it."""

import uuid
from collections.abc import Collection
from datetime import UTC, date, datetime

from graph.store import GraphReader
from inventory.judging import Policy
from inventory.matching import Matcher
from inventory.obsolescence import Question
from services.exports.cyclonedx import Bill, Made
from services.exports.scope import scope_of
from services.exports.verdicts import Verdicts


def bill_of(
    reader: GraphReader,
    matcher: Matcher,
    policy: Policy,
    names: Collection[str],
    on: date | None = None,
    as_of: datetime | None = None,
) -> Bill:
    """The bill of materials of these, or of the whole city, judged on that day; all is judged before any is written.

    `on`: today where it is not said, or the day of `as_of`. Raises NotFound, Ambiguous.
    """
    scope, now = scope_of(reader, names), datetime.now(UTC)
    question = Question(on=on or (as_of or now).date(), selection=scope.selection, policy=policy)
    return Bill(reader, scope, Verdicts(reader, matcher, question), matcher.table, Made(now, uuid.uuid4(), as_of))
