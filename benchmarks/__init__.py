"""Figures: how quick Landkarte is beside plain drivers and beside Cartography, and what that costs. `make bench`."""
