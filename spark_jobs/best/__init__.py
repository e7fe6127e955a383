"""The best records, kept for MIXTURE."""
