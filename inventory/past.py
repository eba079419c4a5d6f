"""The graph as it was known at a moment: the journal undone, from now back to it."""

BEGINS = "past"
"""The note that says since when the journal tells the past as it was."""
