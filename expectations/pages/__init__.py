"""The audit page of a run, the results it is made from, and the history of a stage's runs."""
