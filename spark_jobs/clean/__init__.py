"""Bronze rows to clean, normalised ones: texts repaired, languages named, personal data marked, unfit records rejected.

`job.py` has the stage and its rules; beside it, one module for each thing that is found out about a column of texts.
"""
