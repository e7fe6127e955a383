"""Audit pages and data docs."""
