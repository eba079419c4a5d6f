"""Lifecycle facts as a source: the bundled table, a newer one of endoflife.date, and the city's own."""
