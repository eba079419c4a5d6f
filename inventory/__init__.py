"""What it means, pure: identity, merging, difference, lifecycle, impact. Knows no database and no network."""
