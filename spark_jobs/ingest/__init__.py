"""Raw files of any shape to bronze rows: the path of a record.

    file          landing/files: notes.csv, registered with its SHA-256      splits.py: big files of lines are read in splits
    -> container  delimited text, told from name and content                 containers/: bytes to records
    -> record     {"question": "Why?", "answer": "So."}, its bytes, line 1
    -> shape      question_answer, told from the names of the fields         sources/: records to turns
    -> turns      [user: "Why?", assistant: "So."]
    -> bronze row id, source, licence, uri, position, raw, shape, messages   raw_rows.py, in Arrow batches: raw_batches.py

What cannot be read leaves the path as a row of the quarantine, with its bytes and a reason (`lake.tables.reasons.UNREADABLE`).
All of this is pure Python on one file; `job.py` spreads files over Spark's workers.
"""
