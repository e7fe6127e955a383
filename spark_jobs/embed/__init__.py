"""One vector for each distinct text."""
