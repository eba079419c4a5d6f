"""Column mappings that come with the program, one TOML file a kind of spreadsheet."""
