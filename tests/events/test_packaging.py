"""Another distribution on PyPI installs a package of the same name: ours must win."""

from pathlib import Path

import events


def test_events_is_our_package():
    assert events.__file__ is not None
    assert Path(events.__file__).parent == Path(__file__).parents[2] / "events"
