"""The judge `file`: a user's figures find their records, whatever the file, and what cannot be meant is told in one sentence."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fakes import collected, context, dataset
from pydantic import ValidationError

from inference.judge_params import JudgeParams, RateParams
from inference.rate import ratings
from lake.errors import UserError

RECORDS, RATINGS, SECOND = "silver/unique_instructions", "silver/ratings", "silver/second_ratings"
Rows = Sequence[Mapping[str, Any]]


def as_csv(rows: Rows, delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_json_lines(rows: Rows) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def as_parquet(rows: Rows) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), sink)
    return sink.getvalue()


FORMS: Mapping[str, Callable[[Rows], bytes]] = {
    "r.csv": as_csv,
    "r.tsv": lambda rows: as_csv(rows, "\t"),
    "r.jsonl": as_json_lines,
    "r.jsonl.gz": lambda rows: gzip.compress(as_json_lines(rows)),
    "bom.csv": lambda rows: b"\xef\xbb\xbf" + as_csv(rows),
    "r.parquet": as_parquet,
}


def records(count: int = 4) -> dict[str, Any]:
    rows = [
        {"id": f"rec_{n}", "source": "mine", "original_id": str(n), "prompt": f"What  of {n}?\nSay it, please", "answer": "A.", "text": f"{n}"}
        for n in range(count)
    ]  # fmt: skip
    return {RECORDS: dataset(RECORDS, rows)}


def brought(path: Path, content: bytes, **changes: Any) -> JudgeParams:
    path.write_bytes(content)
    return JudgeParams.model_validate({"kind": "file", "path": str(path), "scale": [0, 5]} | changes)


@pytest.mark.parametrize("name", FORMS)
def test_a_figure_finds_its_record_in_every_form(name: str, tmp_path: Path) -> None:
    rows = [
        {"id": "rec_0", "rating": 5.0, "note": "a"},
        {"id": "rec_1", "rating": 0.0, "note": "b"},
        {"id": "rec_2", "rating": 2.5, "note": "c"},
    ]
    run = context(tmp_path)
    found = collected(ratings(records(), RateParams(engine=brought(tmp_path / name, FORMS[name](rows))), run))[RATINGS]
    assert [(row["state"], row["figure"], row["overall"]) for row in found] == [
        ("rated", 5.0, 10), ("rated", 0.0, 1), ("rated", 2.5, 6), ("skipped", None, None)
    ]  # fmt: skip
    assert found[3]["error"] == "nothing_to_rate: the file has no figure of this record"
    assert len({row["judge"] for row in found}) == 1 and run.metrics["figures_of_no_record"] == 0


def test_a_record_may_be_named_by_source_and_own_id_or_by_its_prompt(tmp_path: Path) -> None:
    by_id = [{"source": "mine", "original_id": 1, "rating": 5}, {"source": "other", "original_id": 2, "rating": 5}]
    judge = brought(tmp_path / "own.jsonl", as_json_lines(by_id), by=["source", "original_id"])
    run = context(tmp_path)
    found = collected(ratings(records(), RateParams(engine=judge), run))[RATINGS]
    assert [row["overall"] for row in found] == [None, 10, None, None]
    assert run.metrics["figures_of_no_record"] == 1
    judge = brought(
        tmp_path / "prompts.csv", as_csv([{"prompt": "What of 3? Say it,  please", "rating": 0}]), by=["prompt"]
    )
    found = collected(ratings(records(), RateParams(engine=judge), context(tmp_path)))[RATINGS]
    assert [row["overall"] for row in found] == [None, None, None, 1]


def test_figures_become_ratings_by_a_scale_or_by_cuts(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    straight, turned = (brought(path, b"id,rating\n", scale=scale) for scale in ([1, 4], [4, 1]))
    assert [straight.overall(figure) for figure in (1, 2, 4, 4.1, 0)] == [1, 4, 10, None, None]
    assert [turned.overall(figure) for figure in (1, 2, 4, 4.1)] == [10, 7, 1, None]
    cut = brought(path, b"id,rating\n", scale=None, cuts=[float(n) for n in range(1, 10)])
    assert [cut.overall(figure) for figure in (0, 1, 99)] == [1, 2, 10]
    rows = [{"id": f"rec_{n}", "rating": figure} for n, figure in enumerate(("4.0", "9", "", "1"))]
    found = collected(
        ratings(records(), RateParams(engine=brought(path, as_csv(rows), scale=[1, 4])), context(tmp_path))
    )
    assert [row["state"] for row in found[RATINGS]] == ["rated", "unparsable", "skipped", "rated"]
    assert found[RATINGS][1]["error"] == "unparsable_rating: 9 is not on the scale (1.0, 4.0)"


def test_a_file_may_stand_beside_another_judge(tmp_path: Path) -> None:
    rows = [{"id": f"rec_{n}", "rating": n % 6} for n in range(40)]
    params = RateParams(beside=(brought(tmp_path / "r.jsonl", as_json_lines(rows)),), compared=30)
    run = context(tmp_path)
    found = collected(ratings(records(40), params, run))
    assert {row["name"] for row in found[SECOND]} == {"file"} and len(found[SECOND]) == 30
    assert run.metrics["beside_file_figures_of_no_record"] == 10
    assert params.loads_no_model


def test_another_content_of_the_file_is_a_reason_to_rate_again(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    params = RateParams(engine=brought(path, b"id,rating\nrec_0,5\n"))
    before = params.fingerprint()
    assert params.fingerprint() == before
    path.write_bytes(b"id,rating\nrec_0,4\n")
    assert params.fingerprint() != before
    path.unlink()
    assert params.fingerprint()["files"] == [None]
    with pytest.raises(UserError, match="no such file of ratings"):
        list(ratings(records(), params, context(tmp_path)))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("r.csv", b"id,rating\nrec_0,good\n", "'rating' of row 1 is 'good'; allowed are finite numbers"),
        ("r.csv", b"id,rating\nrec_0,nan\n", "allowed are finite numbers"),
        ("r.csv", b"id,score\nrec_0,5\n", "row 1 has no 'rating': it has id, score"),
        ("r.csv", b"id,rating\nrec_0,5\nrec_0,4\n", "row 2 rates .* 4, a row before it 5"),
        ("r.jsonl", b'{"id": "rec_0", "rating": 5}\n{"id": \n', "cannot be read as ratings"),
        ("r.jsonl", b'[1, 2]\n', "cannot be read as ratings: a line holds"),
        ("r.parquet", b"no parquet", "cannot be read as ratings"),
        ("r.xlsx", b"", "ratings are read from .csv, .tsv, .jsonl, .ndjson, .parquet"),
        ("r.csv.gz", b"not packed", "cannot be read as ratings"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_with_its_place(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        list(ratings(records(), RateParams(engine=brought(tmp_path / name, content)), context(tmp_path)))


def test_a_parquet_file_without_the_column_is_told_as_others_are(tmp_path: Path) -> None:
    judge = brought(tmp_path / "r.parquet", as_parquet([{"id": "rec_0", "score": 5.0}]))
    with pytest.raises(UserError, match="row 1 has no 'rating': it has id, score"):
        list(ratings(records(), RateParams(engine=judge), context(tmp_path)))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"path": "r.csv", "scale": [0, 5]}, "absolute path"),
        ({"path": "/r.csv"}, "needs cuts or a scale"),
        ({"path": "/r.csv", "scale": [0, 5], "cuts": list(range(9))}, "and not both"),
        ({"path": "/r.csv", "scale": [5, 5]}, "two different figures"),
    ],
)
def test_params_that_say_too_little_are_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        JudgeParams.model_validate({"kind": "file"} | given)
