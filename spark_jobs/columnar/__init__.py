"""Arrays and columns that several stages share."""
