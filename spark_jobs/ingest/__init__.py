"""Raw files of any shape to bronze rows."""
