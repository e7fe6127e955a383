"""Exact copies and near-duplicates removed, each with its evidence."""
