"""The sampled figures of deduplication: what they count, and that they notice a rule that is not followed."""

import random
from pathlib import Path

import numpy as np
import pytest

from lake.errors import StageFailed
from lake.harness.job import JobContext
from lake.storage.store import Lake
from spark_jobs.columnar.hashes import Hashes
from spark_jobs.columnar.ragged import Ragged
from spark_jobs.dedupe import minhash, planted, recall
from spark_jobs.dedupe.job import DedupeParams, unique_instructions
from spark_jobs.dedupe.verify import Rule

RULE = Rule(0.7, True)
VOCABULARY = [f"word{chr(97 + a)}{chr(97 + b)}" for a in range(20) for b in range(20)]


def _sample(count: int) -> dict[str, tuple[str, str]]:
    draw = random.Random(1)
    sides = [" ".join(draw.choices(VOCABULARY, k=40)) for _ in range(2 * count)]
    return {f"rec_{n:024x}": (sides[2 * n], sides[2 * n + 1]) for n in range(count)}


def test_planted_copies_are_found() -> None:
    found = recall.figures_of_sample(_sample(60), [], RULE)
    assert found.keys() == {"recall_planted"}
    assert found["recall_planted"] >= 0.95


def test_removals_of_unlike_rows_are_not_justified() -> None:
    sample = _sample(4)
    first, second, *_ = sample
    copy = f"rec_{99:024x}"
    sample[copy] = sample[first]
    found = recall.figures_of_sample(sample, [(copy, first), (second, first)], RULE)
    assert found["precision_sampled"] == 0.5
    assert found["recall_sampled"] == 1.0


def test_bands_that_find_nothing_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter(range(1, 1 << 20))

    def unlike(grams: Ragged, guard: Hashes) -> Hashes:
        return np.array([[next(draws)] for _ in guard], np.uint64)

    monkeypatch.setattr(minhash, "band_keys", unlike)
    assert recall.figures_of_sample(_sample(20), [], RULE)["recall_planted"] == 0


def test_the_exact_join_finds_every_pair() -> None:
    rows = list(_sample(12).values())
    rows += [recall.planted_copy(row, str(place), 0.02) for place, row in enumerate(rows)]
    truth = recall.truth_of(rows)
    expected = {(a, b) for b in range(len(rows)) for a in range(b) if truth.near(a, b, RULE)}
    assert {tuple(pair) for pair in recall.exact_join(truth, RULE).tolist()} == expected
    assert expected


def test_numbers_and_short_sides_must_agree() -> None:
    text = " ".join(VOCABULARY[:30])
    rows = [("why", text), ("how", text), (f"{text} 3", text), (f"{text} 4", text), ("Why?", text)]
    truth = recall.truth_of(rows)
    assert not truth.near(0, 1, RULE) and not truth.near(2, 3, RULE) and not truth.near(0, 2, RULE)
    assert truth.near(0, 4, RULE) and truth.near(2, 3, Rule(0.7, False))


def test_a_rule_that_takes_opposites_for_copies_ends_the_run_before_a_record_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_alone = Rule(0.7, False)
    assert planted.proven_rule(RULE)["suite_precision"] == 1 > planted.proven_rule(whole_alone)["suite_precision"]
    # planted: two words that no sign keeps apart
    monkeypatch.setattr(planted, "OPPOSITES", (("garden", "Garden"), *planted.OPPOSITES))
    assert planted.proven_rule(whole_alone), "who asks for whole records alone is not stopped"
    context = JobContext(Lake(str(tmp_path)), "run-1", tmp_path)
    with pytest.raises(StageFailed, match=r"takes opposites for copies \(suite_precision 0\.9"):
        unique_instructions(
            {"silver/instructions": None, "bronze/instructions_withdrawn": None}, DedupeParams(), context
        )
