"""Raw files of any shape to bronze rows: the path of a record.

    file          notes.csv, registered in landing/files with its SHA-256   splits.py cuts big files of lines into splits
    -> container  delimited text, by its name and content                   containers/: bytes to raw records
    -> record     {"question": "Why?", "answer": "So."}, its bytes, row 1
    -> shape      question_answer, by the names of the fields               sources/: records to turns
    -> turns      [user "Why?", assistant "So."]                            interpreter.py: turns to a table's columns
    -> bronze row id, source, licence, uri, position, raw, shape, messages  raw_rows.py; in Arrow batches: raw_batches.py

What cannot be read leaves the path as a row of the quarantine, with its bytes and a reason (`lake.tables.reasons.UNREADABLE`).
All of this is pure Python on one file; `job.py` spreads files over Spark's workers.
"""
