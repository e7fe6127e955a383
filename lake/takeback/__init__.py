"""Taking back: rows leave the lake for good, and what was made with them is named."""
