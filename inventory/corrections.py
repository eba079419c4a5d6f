"""How a person's correction of a property stands in a record of curation."""

REASON, AUTHOR, EXPIRES = "curation_reason", "curation_author", "curation_expires"


def section_of(what: str) -> str:
    """The section in which a property is pinned."""
    return f"set-{what.replace('_', '-')}"
