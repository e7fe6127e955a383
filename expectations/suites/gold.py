"""What must hold of MIXTURE items, held-out answers, distilled items and the training set before they are published.

The gate trusts no column that it can check against its source. Not yet: personal data inside the words of a distilled item, and
benchmark items that a released text only paraphrases or contains in part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from expectations.frames import empty, exploded, keys, measured, phrases, records, rows_in, summary, table
from expectations.gate import Batch
from expectations.members import count, membership
from expectations.rules import (
    Figure,
    at_least,
    at_most,
    between,
    exits,
    figures,
    filled,
    identified,
    none,
    one_of,
    sized,
    unique,
)
from texts.formats import FORMATS

if TYPE_CHECKING:
    from expectations.frames import Frame, Frames
    from expectations.limits import DistilledLimits, MixtureLimits, SelectLimits

UNUSED = ("over_limit", "not_buildable", "below_target_quality", "no_variants")
REFUSED = ("malformed", "unfaithful", "thin", "copied", "low_rating", "too_long", "engine_error")
SPLITS = ("sft", "grpo", "heldout")
MAX_REFUSED_GROUPS = 0.9
ENOUGH_HELDOUT = 200  # items: fewer make the champion's interval wide
EXPECTED_ANSWERED = 0.5


def mixture(frames: Frames, params: MixtureLimits) -> Iterable[Batch]:
    """The suite of gold/mixture: well-formed on both sides, no target among its variants, splits that share nothing."""
    rows, unused = frames["gold/mixture"], frames["gold/mixture_unused"]
    ids = [*identified("id", "mix"), filled("split"), one_of("split", SPLITS), filled("builder")]
    kinds = [filled("item_type"), one_of("item_type", list(FORMATS))]
    scores = [filled("target_score"), between("target_score", params.target_score, 5)]
    yield Batch("gold/mixture", rows, [*ids, *kinds, *scores, unique("target")], key="id")
    variants = between("variants", params.min_variants, params.max_variants)
    clean = [between(name, 0, 0) for name in ("malformed_target", "blank_variants", "variants_equal_to_target")]
    yield Batch("items", table(map(_sides, records(rows, ITEM)), SIDES), [variants, *clean], key="id")
    yield exits("gold/mixture_unused", unused, ["mixture_unused"], UNUSED)
    yield figures(*_splits(rows, unused, frames["silver/passages"]))


ITEM = ("id", "item_type", "members", "target")
SIDES = ["id", "variants", "malformed_target", "blank_variants", "variants_equal_to_target"]


def _sides(row: dict[str, Any]) -> tuple[str, int, int, int, int]:
    """What is wrong on either side of an item, as counts, in the order of SIDES."""
    members = row["members"] or []
    blank = sum(not (member or "").strip() for member in members)
    return row["id"], len(members), int(not _well_formed(row)), blank, members.count(row["target"])


def _well_formed(row: dict[str, Any]) -> bool:
    form = FORMATS.get(row["item_type"])
    return form is not None and form.parse(row["target"] or "") is not None


def _splits(rows: Frame, unused: Frame, passages: Frame) -> Iterable[Figure]:
    used = membership(
        **{split: keys(rows, "passage_ids", f"split == '{split}'") for split in SPLITS},
        unused=keys(unused, "id"),
        passages=keys(passages, "id"),
    )
    yield none("passages_in_two_places", count(used, "sft + grpo + heldout + unused > 1"))
    yield none("passages_in_no_place", count(used, "passages > sft + grpo + heldout + unused"))
    yield none("unknown_passages", count(used, "passages == 0"))
    yield at_least("heldout_items", rows_in(rows, "split == 'heldout'"), ENOUGH_HELDOUT, warning=True)


def heldout_answers(frames: Frames, params: Any) -> Iterable[Batch]:
    """The suite of gold/heldout_answers: every model answered every held-out item, or failed with a reason."""
    rows = frames["gold/heldout_answers"]
    figures_of = [rule for name in ("quality", "alignment", "coverage", "score") for rule in _share(name)]
    rules = [*identified("id", "ans"), filled("item_id"), filled("model"), filled("engine"), filled("well_formed")]
    yield Batch("gold/heldout_answers", rows, [*rules, *figures_of], key="id")
    items = membership(heldout=keys(frames["gold/mixture"], "id", "split == 'heldout'"), answered=keys(rows, "item_id"))
    answered = summary(rows, "model", ["item_id"])
    wanted = count(items, "heldout == 1")
    complete = [between(name, wanted, wanted) for name in ("rows", "item_id")]
    yield Batch("models", answered, complete, key="model")
    failed = rows_in(rows) - empty(rows, "error")
    yield figures(
        none("items_nobody_answered", count(items, "heldout > answered")),
        none("answers_to_no_heldout_item", count(items, "answered > heldout")),
        none("neither_text_nor_error", empty(rows, "text", "error")),
        at_most("failed_share", failed / max(rows_in(rows), 1), 1 - EXPECTED_ANSWERED, warning=True),
    )


def _share(name: str) -> list[Any]:
    return [filled(name), between(name, 0, 1 + 1e-6)]


def distilled(frames: Frames, params: DistilledLimits) -> Iterable[Batch]:
    """The suite of gold/distilled: faithful, covering, novel and good enough; every group accepted or refused."""
    rows, refused, limits = frames["gold/distilled"], frames["gold/distilled_refused"], params.limits
    texts = [*sized("prompt"), *sized("answer"), *sized("member_ids", 2), *sized("sources"), *sized("licences")]
    limited = [
        between("faithful", limits.support, 1),
        between("coverage", limits.coverage, 1),
        between("novelty", 1 - limits.copied, 1),
        between("rating", limits.rating, 5),
    ]
    plain = ["id", "group_id", "item_type", "language", "model", "faithful", "coverage", "novelty", "rating"]
    rules = [*identified("id", "dst"), unique("group_id"), one_of("item_type", list(FORMATS)), *map(filled, plain[1:])]
    long = ["prompt", "answer", "member_ids", "sources", "licences"]
    yield Batch("gold/distilled", measured(rows, long, plain), [*rules, *limited, *texts], key="id")
    reasons = [filled("reason"), one_of("reason", REFUSED)]
    yield Batch("gold/distilled_refused", refused, [filled("group_id"), unique("group_id"), *reasons], key="group_id")
    yield figures(*_groups(rows, refused, frames["silver/groups"]))


def _groups(rows: Frame, refused: Frame, grouped: Frame) -> Iterable[Figure]:
    ids = membership(
        groups=keys(grouped, "group_id"), accepted=keys(rows, "group_id"), refused=keys(refused, "group_id")
    )
    members = membership(grouped=_pairs(grouped, "id"), claimed=_pairs(rows, "member_ids", refused))
    yield none("groups_without_an_end", count(ids, "groups > accepted + refused"))
    yield none("groups_with_two_ends", count(ids, "accepted + refused > 1"))
    yield none("unknown_groups", count(ids, "groups == 0"))
    yield none("members_that_differ_from_the_group", count(members, "grouped != claimed"))
    share = count(ids, "refused == 1") / max(count(ids, "groups == 1"), 1)
    yield at_most("refused_share", share, MAX_REFUSED_GROUPS, warning=True)


def _pairs(frame: Frame, column: str, *more: Frame) -> pd.DataFrame:
    """`key`: group and member as one text."""
    found: list[str] = []
    for row in (row for one in (frame, *more) for row in records(one, ("group_id", column))):
        members = row[column] if isinstance(row[column], list) else [row[column]]
        found += [f"{row['group_id']} {member}" for member in members]
    return pd.DataFrame({"key": found}, dtype=object)


def training_set(frames: Frames, params: SelectLimits) -> Iterable[Batch]:
    """The suite of gold/training_set: within budget, good enough, and nothing in it that may not be released."""
    rows = frames["gold/training_set"]
    long = ["prompt", "answer", "messages", "member_ids", "sources", "licences"]
    plain = ["id", "origin", "origin_id", "language", "split", "score"]
    kinds = [one_of("origin", ["original", "distilled"]), one_of("split", ["train", "validation"])]
    rules = [*identified("id", "rel"), unique("origin_id"), *map(filled, plain[1:]), *kinds, between("score", 0, 5)]
    texts = [rule for name in long for rule in sized(name)]
    yield Batch("gold/training_set", measured(rows, long, plain), [*rules, *texts], key="id")
    outcomes = ["blocked", "not_selected"]
    reasons = ["quality_floor", "contamination", "personal_data", "unknown_licence", "over_budget"]
    yield exits("gold/training_set_exits", frames["gold/training_set_exits"], outcomes, reasons)
    yield figures(*_budget(rows, params), *_forbidden(frames), *_accounts(frames), *_disjoint(rows))


def _budget(rows: Frame, params: SelectLimits) -> Iterable[Figure]:
    examples, held_back = rows_in(rows), rows_in(rows, "split == 'validation'")
    yield at_least("examples", examples, 1)
    yield at_most("examples_over_budget", examples - params.budget, 0)
    weak = f"origin == 'original' and score < {params.quality_floor}"
    yield none("originals_below_the_quality_floor", rows_in(rows, weak))
    yield at_most("validation_share", held_back / max(examples, 1), 2 * params.validation_share + 0.05, warning=True)


def _forbidden(frames: Frames) -> Iterable[Figure]:
    """Personal data, unknown licences and benchmark items among what is released, looked up where they are known."""
    rows, unique_rows = frames["gold/training_set"], frames["silver/unique_instructions"]
    licences = exploded(rows, "licences")
    benchmark = "role == 'benchmark'"
    members = membership(released=keys(rows, "member_ids"), personal=keys(exploded(unique_rows, "personal"), "id"))
    leaks = membership(
        prompts=phrases(rows, ["prompt"]),
        texts=phrases(rows, ["prompt", "answer"]),
        questions=phrases(frames["bronze/references"], ["text"], benchmark, until="\n"),
        items=phrases(frames["bronze/references"], ["text"], benchmark),
    )
    yield none("members_with_personal_data", count(members, "released + personal > 1"))
    yield none("unknown_licences", empty(licences, "element"))
    yield none("benchmark_items", count(leaks, "prompts + texts > 0 and questions + items > 0"))


def _accounts(frames: Frames) -> Iterable[Figure]:
    """Every rated record is released, left with a reason, or carried by a distilled item that did."""
    rows, exit_rows, items = frames["gold/training_set"], frames["gold/training_set_exits"], frames["gold/distilled"]
    ids = membership(
        rated=keys(frames["silver/quality"], "id"),
        released=keys(rows, "member_ids"),
        carried=keys(items, "member_ids"),
        left=keys(exit_rows, "id"),
    )
    origins = membership(released=keys(rows, "origin_id"), left=keys(exit_rows, "id"), distilled=keys(items, "id"))
    yield none("records_without_an_end", count(ids, "rated > released + carried + left"))
    yield none("released_but_never_rated", count(ids, "released > rated"))
    yield none("released_and_left", count(origins, "released + left > 1"))
    yield none("distilled_items_without_an_end", count(origins, "distilled > released + left"))
    yield none("carried_and_left_alone", count(ids, "carried + left > 1"))


def _disjoint(rows: Frame) -> Iterable[Figure]:
    """No record and no text on both sides of the split, and no record released twice."""
    train, validation = "split == 'train'", "split == 'validation'"
    members = membership(train=keys(rows, "member_ids", train), validation=keys(rows, "member_ids", validation))
    texts = membership(
        train=phrases(rows, ["prompt", "answer"], train), validation=phrases(rows, ["prompt", "answer"], validation)
    )
    distinct = count(membership(members=keys(rows, "member_ids")), "members == 1")
    yield none("records_in_both_splits", count(members, "train + validation > 1"))
    yield none("texts_in_both_splits", count(texts, "train + validation > 1"))
    yield none("records_released_twice", rows_in(exploded(rows, "member_ids")) - distinct)
