"""One run of one stage: planned, opened, audited, published, reported."""
