"""How tables are read, staged and published."""
