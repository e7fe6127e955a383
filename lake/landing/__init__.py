"""Raw files: where they lie, what they look like, how they are registered."""
