"""What the report says of judges: the agreement of what the tables hold, and plainly where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lakes import ROWS, publish, rec, small_lake

from reports.judges import SECOND, judges, meaning, told
from reports.page import html
from reports.view import View
from texts.agreement import agreement

RATINGS = "silver/ratings"
COUNT = 40


def rating(number: int, overall: int | None, **columns: Any) -> dict[str, Any]:
    state = {"state": "rated"} if overall else {"state": "failed", "error": "judge_failed: no"}
    return {"id": f"rec_{number:024x}", "judge": "j", "prompt_version": "1", "overall": overall, **state, **columns}


def second(number: int, overall: int | None, name: str, role: str = "beside") -> dict[str, Any]:
    row = rating(number, overall, record_id=f"rec_{number:024x}", name=name, role=role)
    return row | {"id": f"opn_{name}_{role}_{number}"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A lake whose judge rated all but one record, and predicted ones that must not be compared."""
    lake = small_lake(tmp_path_factory.mktemp("judged"), last="silver/embeddings")
    rows = [rating(n, 1 + n % 9) for n in range(COUNT)] + [rating(COUNT, None)]
    rows += [rating(n, 5, state="predicted", margin=1.0) for n in range(100, 150)]
    beside = [second(n, 1 + (n + n % 2) % 9, "perplexity") for n in range(COUNT)] + [second(100, 9, "perplexity")]
    again = [second(n, 1 + n % 9 if n else None, "rules", "repeat") for n in range(COUNT)]
    few = [second(n, 5 + n % 2, "difficulty_2") for n in range(5)]
    publish(lake, RATINGS, rows, {SECOND: [*beside, *again, *few], "silver/rating_predictors": []})
    return lake


def test_judges_are_compared_on_what_both_rated_themselves(lake: Any) -> None:
    found = judges(View(lake))
    assert found and found.decides == "rules" and found.predictor is None
    assert found.states == {"rated": COUNT, "failed": 1, "predicted": 50}
    by_name = {(second.role, second.name): second for second in found.seconds}
    beside, again = by_name["beside", "perplexity"], by_name["repeat", "rules"]
    truth = [1 + n % 9 for n in range(COUNT)]
    assert beside.agreement == agreement(truth, [1 + (n + n % 2) % 9 for n in range(COUNT)])
    assert (beside.shown, beside.rated) == (COUNT + 1, COUNT + 1)
    assert (again.shown, again.rated) == (COUNT, COUNT - 1)
    assert again.agreement and again.agreement.records == COUNT - 1 and again.agreement.kappa == 1
    assert by_name["beside", "difficulty_2"].agreement is None


def test_a_line_a_judge_says_what_it_is_and_that_it_selects_nothing(lake: Any) -> None:
    few, beside, again = told(lake)
    assert "unexpected" in beside and "nothing is selected" in beside and "decides" in beside
    assert again.startswith("rules asked again rated 39 records: rank correlation 1.00")
    assert "too few" in few


def test_the_page_shows_them(lake: Any, tmp_path: Path) -> None:
    page = html(lake, tmp_path)
    found = judges(View(lake))
    assert found
    assert "<b>rules</b> decides" in page and "50 predicted" in page
    beside = next(second for second in found.seconds if second.name == "perplexity")
    assert beside.agreement and f"{beside.agreement.spearman:.2f} ({beside.agreement.spearman_low:.2f} to" in page
    assert "too few, or too much alike, to compare" in page


def test_a_predictor_is_told_with_what_it_explains(tmp_path: Path) -> None:
    lake = small_lake(tmp_path, last="silver/embeddings")
    row = {
        "digest": "d",
        "uri": "/d",
        "judge": "j",
        "fitted": 300,
        "heldout": 100,
        "explained": 0.41,
        "explained_low": 0.2,
        "error": 1.1,
    }
    publish(lake, RATINGS, ROWS[RATINGS], {SECOND: [], "silver/rating_predictors": [row]})
    assert "300 ratings of the judge. Of 100 held-out ones it explains 0.41" in html(lake, tmp_path)


def test_before_any_rating_nothing_is_told(tmp_path: Path) -> None:
    lake = small_lake(tmp_path, last="silver/embeddings")
    assert judges(View(lake)) is None and told(lake) == []
    assert "mixlake run silver/ratings" in html(lake, tmp_path)


def test_a_second_opinion_is_part_of_a_records_way(tmp_path: Path) -> None:
    from lake.books.lineage import explain

    steps = explain(small_lake(tmp_path), rec("bread")).path
    assert [step["name"] for step in steps if step["table"] == SECOND] == ["perplexity"]


def test_each_judge_has_words_for_what_it_is() -> None:
    assert meaning("perplexity_2") == meaning("perplexity") != meaning("difficulty")
    assert meaning("vllm") == "a language model that was asked"
