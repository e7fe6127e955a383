"""Bronze rows to clean, normalised ones."""
