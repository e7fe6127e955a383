"""The training set, within its budget."""
