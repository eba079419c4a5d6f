"""The sample city Musterstadt, written as source files in the formats of real tools."""

from services.sample_city.plan import Size
from services.sample_city.writers import CityCounts, write_city

__all__ = ["CityCounts", "Size", "write_city"]
