"""MIXTURE's books balance, its splits are disjoint, and neither order nor batches of the passages change an item."""

import pickle
import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import pytest
from fakes import dataset
from passages import PASSAGES, distinct_passages
from pydantic import ValidationError

from inference.apart import HELDOUT, NEAR_ANOTHER, NEAR_HELDOUT, Apart
from inference.baseline.build import build
from inference.baseline.degrade import LONG
from inference.likeness import drafts
from inference.mixture import MIXTURE, UNUSED, mixture
from inference.mixture_items import Carried, Maker, carrying
from inference.mixture_params import MixtureParams
from inference.pairing import Draft, Text, passages, placed
from inference.targets import REPEATED
from inference.text_engines import EngineParams, open_engine
from lake.errors import UserError
from lake.harness.job import JobContext
from lake.settings import settings
from lake.storage.store import Lake
from lake.tables import TABLES
from lake.tables.reasons import MIXTURE_UNUSED
from texts.coverage import shingles
from texts.embed.embedder import STATIC, open_embedder
from texts.formats import FORMATS
from texts.grounding import grounding
from texts.rubric import HIGH, score
from texts.words import sentences


def run(
    rows: list[dict[str, str]],
    best: Sequence[dict[str, Any]] = (),
    counted: dict[str, float] | None = None,
    **changes: Any,
) -> dict[str, list[dict[str, Any]]]:
    """The rows of both tables, sorted by id."""
    inputs = {
        "silver/passages": dataset("silver/passages", rows),
        "silver/best_records": dataset("silver/best_records", best),
    }
    context = JobContext(cast(Lake, None), "run", Path())
    found: dict[str, list[dict[str, Any]]] = {MIXTURE: [], UNUSED: []}
    for key, table in mixture(inputs, MixtureParams(**changes), context):
        assert table.schema == TABLES[key].schema
        found[key] += table.to_pylist()
    if counted is not None:
        counted |= context.metrics
    return {key: sorted(found[key], key=lambda row: row["id"]) for key in found}


ROWS = distinct_passages(120)
COUNTED: dict[str, float] = {}
MADE = run(ROWS, counted=COUNTED)


def test_every_passage_is_in_one_item_or_unused_with_a_reason() -> None:
    used = [passage for row in MADE[MIXTURE] for passage in row["passage_ids"]] + [row["id"] for row in MADE[UNUSED]]
    assert sorted(used) == sorted(row["id"] for row in ROWS)
    assert {row["outcome"] for row in MADE[UNUSED]} == {"mixture_unused"}
    assert {row["reason"] for row in MADE[UNUSED]} <= {*MIXTURE_UNUSED}
    assert all(row["detail"] for row in MADE[UNUSED])


def test_items_are_good_and_their_variants_weak() -> None:
    assert len(MADE[MIXTURE]) > 60
    for row in MADE[MIXTURE]:
        assert FORMATS[row["item_type"]].parse(row["target"])
        least = MixtureParams().least_score(row["item_type"])
        assert row["target_score"] == score(row["target"]) >= least
        assert all(score(member) < min(HIGH, row["target_score"]) for member in row["members"])
        assert 2 <= len(row["members"]) <= 6
        assert len(row["operators"]) == len(row["members"]) == len(set(row["members"]))
        assert row["target"] not in row["members"]


def test_what_a_target_says_stands_in_its_variants() -> None:
    for row in MADE[MIXTURE]:
        assert grounding(row["members"], row["target"]).score == 1.0


RICE = "Q: How is rice cooked?\nA: Rinse it in cold water. Simmer it for 12 minutes. Let it stand with the lid on."


def test_what_no_variant_carries_is_put_back_into_the_shortest() -> None:
    weak = {
        "Q: How is rice cooked?\nA: Rinse it in cold water.": "fragment",
        "A: Let it stand with the lid on. Simmer": "cut_off",
    }
    carried = carrying(RICE, weak, 1.0)
    assert isinstance(carried, Carried)
    assert [*carried.found.values()] == ["fragment", "cut_off"]
    assert "A: Let it stand with the lid on. Simmer\nSimmer it for 12 minutes." in carried.found
    assert grounding([*carried.found], RICE).score == 1.0


def test_a_target_that_would_have_to_be_put_back_whole_is_not_derivable() -> None:
    target = build("qa", *PASSAGES[0])
    found = carrying(target, {"Q: Compost?\nA: Rot.": "vague", "Q: Heaps?\nA: Old leaves.": "vague"}, 1.0)
    assert isinstance(found, str) and found.startswith("no weak variant carries")


def best_records(count: int = 24) -> list[dict[str, Any]]:
    """Questions and answers of people, each about things of its own; every sixth answer is too long to be shared out."""
    rows: list[dict[str, Any]] = []
    for number, row in enumerate(distinct_passages(4 * count, 1_000)[::4]):
        answer = row["text"] if number % 6 else " ".join(one["text"] for one in distinct_passages(8, 2_000))
        asked = {
            "prompt": f"Tell me about {row['title']}, please?",
            "answer": answer,
            "score": 4.5 if number % 5 else 3.0,
        }
        rows.append({"id": f"rec_{number:024x}", "source": "people", "licence": "CC-BY-4.0", "language": "en"} | asked)
    return rows


def test_the_best_records_are_targets_as_they_are() -> None:
    best = best_records()
    made = run([], best, max_variants=8)
    asked = {row["id"]: f"Q: {row['prompt']}\nA: {row['answer']}" for row in best}
    assert len(made[MIXTURE]) >= 8  # of 16: of the others too many variants rate high
    for row in made[MIXTURE]:
        assert row["target"] == asked[row["record_ids"][0]]
        assert (row["sources"], row["licences"], row["passage_ids"]) == (["people"], ["CC-BY-4.0"], [])
        assert grounding(row["members"], row["target"]).score == 1.0
        assert all(score(member) < HIGH for member in row["members"])
    used = [record for row in made[MIXTURE] for record in row["record_ids"]] + [row["id"] for row in made[UNUSED]]
    assert sorted(used) == sorted(asked)
    assert {"below_target_quality", "too_long"} <= {row["reason"] for row in made[UNUSED]}


def test_records_and_passages_are_in_one_mixture() -> None:
    made = run(ROWS, best_records(), originals=10)[MIXTURE]
    assert {bool(row["record_ids"]) for row in made} == {True, False}
    assert {len(row["record_ids"]) + bool(row["passage_ids"]) for row in made} == {1}
    assert [row for row in made if row["passage_ids"]] == MADE[MIXTURE]


def test_a_record_and_a_passage_that_says_the_same_share_a_cluster() -> None:
    best = best_records()[1]
    found = [
        Text("psg_1", "s", "A title", f"{best['answer']} More."),
        Text("rec_1", "s", "", best["answer"], question=best["prompt"]),
    ]
    used, _ = placed(found, SPLITS, 7)
    assert {text.cluster for text in used} == {"psg_1"}


def test_nothing_to_be_made_from_is_told() -> None:
    with pytest.raises(UserError, match="no passage is in the lake, and no record is rated high"):
        run([])


def test_all_types_and_splits_occur_and_nothing_is_in_two_splits() -> None:
    assert {row["item_type"] for row in MADE[MIXTURE]} == set(FORMATS)
    assert {row["split"] for row in MADE[MIXTURE]} == {"sft", "grpo", "heldout"}
    targets = Counter(row["target"] for row in MADE[MIXTURE])
    assert max(targets.values()) == 1


def _listed(topics: Sequence[str], number: int) -> str:
    """A sentence that names many topics: two passages are told together only where one names the other."""
    return f"Others are {', '.join(random.Random(number).sample(topics, 30))}."


def test_cross_topic_items_have_two_passages() -> None:
    topics = [row["title"] for row in ROWS if "." not in row["title"]]
    named = [row | {"text": f"{row['text']} {_listed(topics, number)}"} for number, row in enumerate(ROWS)]
    crossed = [row for row in run(named, cross_topic=0.5)[MIXTURE] if len(row["passage_ids"]) == 2]
    assert crossed
    assert all("; " in row["title"] for row in crossed)
    for row in crossed:  # it tells of both, and does not only ask
        one, other = row["title"].split("; ")
        told = FORMATS[row["item_type"]].parse(row["target"]) or {}
        assert all(name.strip("`").split(" ")[-1] in told[LONG[row["item_type"]]] for name in (one, other))


def test_order_of_passages_changes_nothing() -> None:
    shuffled = ROWS[:]
    random.Random(3).shuffle(shuffled)
    assert run(shuffled) == MADE


def test_another_seed_makes_other_items() -> None:
    assert {row["id"] for row in run(ROWS, seed=8)[MIXTURE]} != {row["id"] for row in MADE[MIXTURE]}


def test_passages_over_the_limit_are_named() -> None:
    made = run(ROWS, limit=40)
    over = [row for row in made[UNUSED] if row["reason"] == "over_limit"]
    assert len(over) == 80
    assert len(made[MIXTURE]) <= 40


def test_the_same_text_twice_makes_one_item() -> None:
    twice = [ROWS[0], ROWS[0] | {"id": "psg_twin"}]
    made = run(twice, quotas={"qa": 1.0}, cross_topic=0.0)
    assert len(made[MIXTURE]) == 1
    assert [row["reason"] for row in made[UNUSED]] == ["not_buildable"]


SPLITS = {"sft": 0.5, "grpo": 0.25, "heldout": 0.25}


def near(one: str, other: str) -> bool:
    left, right = shingles(one), shingles(other)
    return 2 * len(left & right) >= min(len(left), len(right))


def test_no_text_or_target_is_near_one_of_another_split() -> None:
    """By comparing all pairs: 60 passages of which each is repeated in part by another one."""
    rng = random.Random(5)
    rows = distinct_passages(60)
    for row in rows[:30]:
        said = row["text"].split(". ")
        again = rows[rng.randrange(30, 60)]["text"]
        part = {"id": f"psg_part{row['id'][-20:]}", "title": f"{row['title']} again"}
        rows.append(row | part | {"text": f"{'. '.join(said[rng.randrange(len(said)) :])} {again}"})
    made = run(rows, splits=SPLITS, cross_topic=0.0)[MIXTURE]
    text_of = {row["id"]: row["text"] for row in rows}
    assert {row["split"] for row in made} == set(SPLITS)
    for one, other in combinations(made, 2):
        if one["split"] != other["split"]:
            assert not {*one["clusters"]} & {*other["clusters"]}
            assert not near(text_of[one["passage_ids"][0]], text_of[other["passage_ids"][0]])
            if HELDOUT in (one["split"], other["split"]):
                assert not near(one["target"], other["target"])


def test_what_no_rule_lets_pass_is_counted_by_the_rule() -> None:
    assert {name for name in COUNTED if name.startswith("refused_")}
    assert sum(COUNTED[kind] for kind in FORMATS) == COUNTED["items"] == len(MADE[MIXTURE])
    # two passages that were to make one item are refused at once
    assert 0 < COUNTED["refused_thin"] <= sum(row["reason"] == "thin" for row in MADE[UNUSED])


def test_a_maker_that_was_copied_into_another_process_makes_the_same() -> None:
    drafted = [
        Draft((Text(row["id"], "s", row["title"], row["text"]),), row["title"], row["text"]) for row in ROWS[:12]
    ]
    with open_engine(EngineParams()) as engine:
        maker = Maker(engine, MixtureParams(), None)
        assert pickle.loads(pickle.dumps(maker)).items(drafted) == maker.items(drafted)


def test_long_passages_are_told_in_segments_that_share_a_split() -> None:
    name = ROWS[0]["title"]
    said = [sentence for row in ROWS[1:13] if "." not in row["title"] for sentence in sentences(row["text"])]
    one = ROWS[0] | {"text": " ".join(f"In {name}, {sentence[0].lower()}{sentence[1:]}" for sentence in said)}
    texts = list(passages(dataset("silver/passages", [one]), frozenset([one["id"]])))
    assert [text.part for text in texts] == list(range(len(texts))) and len(texts) > 1
    opening = sentences(one["text"])[0]
    assert all(text.text.startswith(opening) for text in texts)
    assert " ".join([texts[0].text, *(text.text.removeprefix(f"{opening} ") for text in texts[1:])]) == one["text"]
    made = run([one, *ROWS[20:60]], cross_topic=0.0)
    own = [row for row in made[MIXTURE] if row["passage_ids"] == [one["id"]]]
    assert len(own) > 1 and len({row["split"] for row in own}) == 1
    assert one["id"] not in {row["id"] for row in made[UNUSED]}


def test_quotas_decide_what_is_made() -> None:
    kinds = Counter(row["item_type"] for row in run(ROWS[:60], quotas={"qa": 0.5, "paragraph": 0.5})[MIXTURE])
    assert set(kinds) == {"qa", "paragraph"}
    assert 0.3 <= kinds["qa"] / kinds.total() <= 0.6  # aimed at: more questions than paragraphs have no weak variants


def test_a_reasoning_names_the_samples_that_say_what_the_target_says() -> None:
    for row in MADE[MIXTURE]:
        weak, *taken = row["reasoning"].split("\n")
        assert weak.count("[") == len(row["members"])
        for line in taken:
            number, said = line.removeprefix("From [").split("]: ", 1)
            assert said.split(" ")[0].strip(".;").casefold() in row["members"][int(number) - 1].casefold()


def test_a_target_for_training_near_a_held_out_one_is_not_used() -> None:
    rows = [{"target": "one two three four five six", "split": HELDOUT}]
    others = [{"target": "zero one two three four", "split": "sft"}, {"target": "seven eight nine ten", "split": "sft"}]
    apart = Apart()
    assert apart.kept(rows) == (rows, [])
    assert apart.kept(others) == (others[1:], [(others[0], "near_heldout", NEAR_HELDOUT)])
    assert apart.kept(others[1:]) == ([], [(others[1], "not_buildable", REPEATED)])


def test_of_targets_that_are_near_in_one_split_the_first_is_used() -> None:
    rows = [{"target": f"one two three four five {n}", "split": "sft" if n < 3 else "grpo"} for n in range(4)]
    apart = Apart()
    assert apart.kept(rows[:2]) == (rows[:1], [(rows[1], "near_another", NEAR_ANOTHER)])
    assert apart.kept(rows[2:]) == (rows[3:], [(rows[2], "near_another", NEAR_ANOTHER)])


def test_records_that_say_nearly_the_same_make_one_item() -> None:
    one = best_records()[1]
    same = [one | {"id": f"rec_{n:024x}", "prompt": f"{one['prompt']} Number {n}"} for n in range(3)]
    made = run([], same, counted := {})
    assert len(made[MIXTURE]) == 1 and {row["reason"] for row in made[UNUSED]} == {"near_another"}
    assert counted["near_another"] == 2


def test_members_of_a_module_share_a_split() -> None:
    rows = [Text(f"psg_{n}", "s", f"store.tables.part{n // 4}.of_{n}", ROWS[n]["text"]) for n in range(16)]
    used, boilerplate = placed(rows, SPLITS, 7)
    assert not boilerplate and len({text.cluster for text in used}) == 4
    assert all(
        len({text.split for text in used if text.cluster == cluster}) == 1 for cluster in {t.cluster for t in used}
    )


def test_a_draft_lends_from_its_own_batch_alone() -> None:
    texts = [Text(row["id"], "made", row["title"], row["text"]) for row in ROWS]
    batch = [one.whole(texts) for one in placed(texts, SPLITS, 7)[0] if one.split == "sft"]
    made = list(drafts(batch, 0.3, 7, open_embedder(STATIC, settings().cache).encode, 1))
    lent = {other for draft in made for other in draft.others}
    assert lent and lent <= {f"{text.title}\n{text.text}" for text in batch}
    assert sorted(one for draft in made for one in draft.ids) == sorted(text.id for text in batch)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quotas": {"poem": 1.0}},
        {"quotas": {"qa": 0.5}},
        {"quotas": {}},
        {"splits": {"sft": 1.0}},
        {"min_variants": 9},
        {"limit": 0},
        {"unknown": 1},
    ],
)
def test_wrong_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MixtureParams(**wrong)


def test_statements_are_of_passages_of_which_one_can_be_made_false_and_half_are() -> None:
    quotas = {"qa": 0.8, "true_false": 0.2}
    silent = [row | {"text": row["text"].translate(str.maketrans("0123456789", "x" * 10))} for row in ROWS[:80]]
    few = [*silent, *ROWS[80:160]]
    counted: dict[str, float] = {}
    made = run(few, counted=counted, quotas=quotas, cross_topic=0.0)[MIXTURE]
    verdicts = [row["target"].split("Answer: ")[1].split("\n")[0] for row in made if row["item_type"] == "true_false"]
    assert len(verdicts) >= 0.1 * len(made) and 0.25 <= verdicts.count("True") / len(verdicts) <= 0.75
    assert "refused_nothing_false" not in counted


def test_what_can_be_asked_is_asked_and_what_cannot_is_not_tried_as_a_choice() -> None:
    quotas = {"qa": 0.8, "multiple_choice": 0.2}
    silent = [row | {"text": row["text"].translate(str.maketrans("0123456789", "x" * 10))} for row in ROWS[:80]]
    few = [*silent, *ROWS[80:100]]
    counted: dict[str, float] = {}
    kinds = Counter(row["item_type"] for row in run(few, counted=counted, quotas=quotas, cross_topic=0.0)[MIXTURE])
    assert kinds["multiple_choice"] >= 0.1 * kinds.total()
    assert "refused_nothing_to_ask" not in counted
