"""Delimited text (CSV, TSV): which characters can part the fields of a line, and which file names promise such text.

To read files with another delimiter, add it to DELIMITERS: registering (`lake.landing.peek`) and reading
(`spark_jobs.ingest.containers`) both take it from here.
"""

DELIMITERS = ",;\t|"
DELIMITED_SUFFIXES = (".csv", ".tsv", ".psv")


def delimiter_of(header: str) -> str:
    """The delimiter that the header line has most often; the first of DELIMITERS where it has none, or as many of two.

    >>> delimiter_of("title;text;note, if any")
    ';'
    """
    return max(DELIMITERS, key=header.count)
