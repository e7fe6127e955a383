"""Upkeep: what is in the lake and not needed any more."""
