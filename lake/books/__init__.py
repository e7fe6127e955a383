"""Where every row went, and where it came from."""
