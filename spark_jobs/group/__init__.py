"""Groups of similar low-rated records."""
