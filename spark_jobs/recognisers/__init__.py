"""What a text is or holds, told in columns, for any stage: its language, code, personal data."""
