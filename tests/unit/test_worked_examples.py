"""The worked examples in the docstrings of numeric modules, and of the rules, are true."""

import doctest
from importlib import import_module

import numpy as np
import pyarrow as pa
import pytest

MODULES = (
    "inference.baseline.asking",
    "inference.baseline.questions",
    "inference.baseline.saying",
    "inference.baseline.statements",
    "spark_jobs.clean.changes",
    "spark_jobs.columnar.bloom",
    "spark_jobs.columnar.code_points",
    "spark_jobs.columnar.folded_texts",
    "spark_jobs.columnar.contamination",
    "spark_jobs.columnar.hashes",
    "spark_jobs.columnar.packed_rows",
    "spark_jobs.columnar.ragged",
    "spark_jobs.columnar.shingles",
    "spark_jobs.columnar.overlaps",
    "spark_jobs.columnar.signs",
    "spark_jobs.columnar.word_hashes",
    "spark_jobs.dedupe.candidates",
    "spark_jobs.dedupe.exact_copies",
    "spark_jobs.dedupe.fingerprint",
    "spark_jobs.dedupe.minhash",
    "spark_jobs.columnar.opposites",
    "spark_jobs.dedupe.planted",
    "spark_jobs.dedupe.recall",
    "spark_jobs.dedupe.record_sets",
    "spark_jobs.dedupe.removals",
    "spark_jobs.dedupe.sides",
    "spark_jobs.dedupe.survivor",
    "spark_jobs.dedupe.verify",
    "spark_jobs.recognisers.addresses",
    "spark_jobs.recognisers.cards",
    "spark_jobs.recognisers.personal",
    "spark_jobs.recognisers.phones",
    "spark_jobs.select.gain",
    "spark_jobs.select.quotas",
    "spark_jobs.ingest.sources.examined",
    "reports.licences",
    "texts.benchmark_items",
    "texts.choice_questions",
    "texts.grounding.faults",
    "texts.grounding.tokens",
    "texts.features",
    "trainers.audits",
)


@pytest.mark.parametrize("name", MODULES)
def test_an_example_is_true(name: str) -> None:
    found = doctest.testmod(import_module(name), extraglobs={"np": np, "pa": pa})
    assert found.attempted > 0 and found.failed == 0
