"""Facts recovered, as shares and in a hundred words, so that a text is not better for being longer."""

from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from lake.tables import TABLES
from texts.words import words
from trainers.evaluation_params import EvaluationParams
from trainers.facts import facts

FACTS = ["Rinse the rice in cold water.", "Simmer the rice for 12 minutes."]
MEMBERS = {"rec_1": FACTS[0], "rec_2": f"{FACTS[1]} That is all there is to tell, and nothing more."}


def dataset(key: str, rows: list[dict[str, Any]]) -> ds.Dataset:
    return ds.dataset(pa.Table.from_pylist(rows, schema=TABLES[key].schema))


def test_what_is_stated_in_a_hundred_words_stands_beside_what_is_stated() -> None:
    group = {"group_id": "grp_1", "member_ids": [*MEMBERS]}
    inputs = {
        "gold/distilled": dataset("gold/distilled", [group | {"prompt": "Rice?", "answer": " ".join(FACTS)}]),
        "gold/distilled_refused": dataset("gold/distilled_refused", []),
        "silver/unique_instructions": dataset(
            "silver/unique_instructions",
            [{"id": name, "original_id": f"rice#{name}", "text": text} for name, text in MEMBERS.items()],
        ),
        "bronze/references": dataset(
            "bronze/references", [{"name": "rice", "role": "truth", "text": " ".join(FACTS), "facts": FACTS}]
        ),
    }
    found = {row["metric"]: row["value"] for row in facts(inputs, EvaluationParams())}
    shares = {"best_member": 0.5, "distilled": 1.0, "concatenation": 1.0, "full": 1.0}
    lengths = {"best_member": 6, "distilled": 13, "concatenation": len(words("\n".join(MEMBERS.values()))), "full": 12}
    assert found == {f"facts_{side}": share for side, share in shares.items()} | {
        f"facts_per_100_words_{side}": pytest.approx(200 * share / lengths[side]) for side, share in shares.items()
    }
    assert found["facts_per_100_words_concatenation"] < found["facts_per_100_words_distilled"]
