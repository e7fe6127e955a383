"""Ratings to one score a record."""
