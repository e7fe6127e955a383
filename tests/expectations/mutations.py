"""One defect at a time across rows and tables, and exactly the checks that must notice it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lakes import vector
from world import Rows, ident

Edit = Callable[[Rows], object]
Mutation = tuple[str, Sequence[Edit], set[str]]


def change(table: str, row: int, **columns: Any) -> Edit:
    return lambda rows: rows[table][row].update(columns)


def drop(table: str, row: int) -> Edit:
    return lambda rows: rows[table].pop(row)


def add(table: str, **columns: Any) -> Edit:
    """A copy of the table's first row with some columns changed."""
    return lambda rows: rows[table].append({**rows[table][0], **columns})


def keep(table: str, count: int) -> Edit:
    return lambda rows: rows[table].__delitem__(slice(count, None))


def _bronze(name: str, quarantined: int) -> list[Mutation]:
    table = f"bronze/{name}"
    return [
        (table, [add(table, id=ident("raw", quarantined))], {"ids_in_table_and_quarantine"}),
        (table, [change(table, 0, uri="/elsewhere")], {"files_never_registered"}),
        (table, [change(f"{table}_pending", 0, uri="/elsewhere")], {"files_never_registered"}),
        (table, [change(f"{table}_withdrawn", 0, id=ident("raw", 777))], {"withdrawn_but_never_read"}),
        (table, [change(table, 0, source="beta")], {"sources_never_registered"}),
    ]


_BEST = "silver/best_records"
_ITEM, _ANSWERS = "gold/mixture", "gold/heldout_answers"
_DISTILLED, _REFUSED = "gold/distilled", "gold/distilled_refused"
_TRAINING, _EXITS, _OVERLAPS = "gold/training_set", "gold/training_set_exits", "gold/training_set_overlaps"
_VECTORS = "gold/training_set_vectors"
_UNIQUE, _DUPLICATES = "silver/unique_instructions", "silver/duplicates"
_SIGNATURES = "silver/signatures"
_TRANSITIONS = "silver/score_transitions"
_GROUPS, _ALONE = "silver/groups", "silver/singletons"
_STUDENT = "models/student_embedder"
_GRPO = "models/distiller_grpo"
_CHAMPION, _SERVING, _RELEASE, _UPKEEP = "models/champion", "models/in_service", "releases/current", "upkeep/removals"


def _another(record: int, **columns: Any) -> Edit:
    """One more original of the training set."""
    name = ident("rec", record)
    ids = {"id": ident("rel", record), "origin": "original", "origin_id": name, "member_ids": [name]}
    return add(_TRAINING, **ids, score=4.4, **columns)


def _checkpoint(table: str) -> list[Mutation]:
    return [
        (table, [change(table, 0, digest="0")], {"changed"}),
        (table, [change(table, 0, uri="/nowhere")], {"missing_files", "changed"}),
    ]


MUTATIONS: list[Mutation] = [
    *_bronze("instructions", 199), *_bronze("passages", 299), *_bronze("references", 399),
    ("silver/instructions", [keep("silver/instructions", 1)], {"over_limit"}),
    ("silver/passages", [keep("silver/passages", 1)], {"over_limit"}),
    (_UNIQUE, [add(_UNIQUE, id=ident("rec", 13), text_hash="0" * 64), add(_SIGNATURES, id=ident("rec", 13))], {"removed_but_kept"}),
    (_UNIQUE, [drop(_SIGNATURES, 0)], {"kept_without_a_signature"}),
    (_UNIQUE, [change(_DUPLICATES, 0, kept_id=ident("rec", 99))], {"removed_for_a_row_that_is_gone"}),
    (_UNIQUE, [change(_DUPLICATES, 0, similarity=0.5)], {"near_below_threshold"}),
    (_UNIQUE, [add(_DUPLICATES, removed_id=ident("rec", 100 + n), kept_id=ident("rec", n)) for n in range(1, 13)], {"over_limit"}),
    (_UNIQUE, [add(_DUPLICATES, removed_id=ident("rec", 100 + n)) for n in range(2)], {"near_removals"}),
    ("silver/embeddings", [change("silver/embeddings", 0, text_hash="f" * 64)], {"vectors_of_no_text"}),
    ("silver/embeddings", [change("silver/embeddings", 0, vector=vector(1.0, 0.0))], {"dimensions"}),
    ("silver/embeddings", [change("silver/embeddings", 0, vector=None)], {"rows_without_a_vector"}),
    ("silver/embeddings", [change("silver/embeddings", 0, vector=vector(1.0, 0.0, float("nan")))], {"longest"}),
    ("silver/embeddings", [change("silver/embeddings", 0, vector=vector(1.0, 1.0, 1.0))], {"longest"}),
    ("silver/embeddings", [change("silver/embeddings", 0, vector=vector(0.6, 0.8, 0.0) + b"x")], {"shortest"}),
    ("silver/embeddings", [change("silver/embeddings", 0, vector=b"")], {"shortest", "longest", "dimension", "dimensions"}),
    ("silver/ratings", [drop("silver/ratings", 0)], {"records_without_a_row"}),
    ("silver/ratings", [add("silver/ratings", id=ident("rec", 99))], {"ratings_of_no_record"}),
    ("silver/ratings", [change("silver/ratings", 0, rarity=0)], {"rarity"}),
    ("silver/ratings", [change("silver/ratings", 0, complexity=11)], {"complexity"}),
    ("silver/ratings", [change("silver/ratings", 0, informativeness=11)], {"informativeness"}),
    ("silver/ratings", [change("silver/ratings", 0, overall=11)], {"overall"}),
    ("silver/ratings", [change("silver/ratings", 11, error=None)], {"neither_rating_nor_error"}),
    ("silver/ratings", [change("silver/ratings", 0, state="guessed")], {"state", "another_state_than_rating"}),
    ("silver/ratings", [change("silver/ratings", 0, state="failed")], {"another_state_than_rating"}),
    ("silver/ratings", [change("silver/ratings", 11, state="rated")], {"another_state_than_rating"}),
    ("silver/ratings", [change("silver/ratings", 0, state="predicted")], {"another_state_than_margin"}),
    ("silver/ratings", [change("silver/ratings", 0, margin=1.0)], {"another_state_than_margin"}),
    ("silver/ratings", [change("silver/second_ratings", 0, record_id=ident("rec", 99))], {"second_ratings_of_no_record"}),
    ("silver/ratings", [add("silver/second_ratings")], {"id"}),
    ("silver/ratings", [change("silver/rating_predictors", 0, explained_low=0.0)], {"explained_low"}),
    ("silver/ratings", [change("silver/rating_predictors", 0, explained_low=None)], {"explained_low"}),
    ("silver/ratings", [change("silver/ratings", 0, overall=None, state="failed", error="judge_failed: x")], {"unrated_share"}),
    ("silver/quality", [drop("silver/quality", 0)], {"records_without_a_label"}),
    ("silver/quality", [add("silver/unrated", id=ident("rec", 1))], {"scored_and_unrated"}),
    ("silver/quality", [change("silver/quality", 0, high=True)], {"high_without_the_score"}),
    ("silver/quality", [change("silver/quality", 0, curated=None)], {"curated"}),
    ("silver/quality", [change("silver/quality", 0, curated=6.0, high=True)], {"curated"}),
    ("silver/quality", [change("silver/quality", 0, curated=2.5), *(change(_TRANSITIONS, n, used=False) for n in range(6))], {"curated_by_no_estimate"}),
    ("silver/quality", [change(_TRANSITIONS, 0, rated_1=0.5)], {"transitions_that_do_not_add_up_to_one"}),
    ("silver/quality", [change(_TRANSITIONS, 0, rated_1=-0.05, rated_2=0.15)], {"rated_1"}),
    (_GROUPS, [drop(_ALONE, 0)], {"low_rated_without_a_place"}),
    (_GROUPS, [add(_ALONE, id=ident("rec", 1))], {"grouped_and_alone"}),
    (_GROUPS, [add(_ALONE, id=ident("rec", 6))], {"not_low_rated"}),
    (_GROUPS, [change(_GROUPS, 0, licence_class="attribution")], {"licence_class"}),
    (_GROUPS, [change(_GROUPS, 0, group_licence="CC-BY-4.0")], {"group_licence"}),
    (_GROUPS, [change(_GROUPS, 0, language="fr")], {"language"}),
    (_GROUPS, [change(_GROUPS, 0, item_type="chat")], {"item_type"}),
    (_GROUPS, [change(_GROUPS, 0, size=3)], {"size", "rows, largest_size"}),
    (_GROUPS, [change(_GROUPS, 0, size=3), change(_GROUPS, 1, size=3)], {"rows, largest_size"}),
    (_GROUPS, [drop(_GROUPS, 0), add(_ALONE, id=ident("rec", 1))], {"rows", "rows, largest_size"}),
    (_ITEM, [change(_ITEM, 0, target_score=3.0)], {"target_score"}),
    (_ITEM, [change(_ITEM, 0, target="not an item")], {"malformed_target", "derivable_share"}),
    (_ITEM, [change(_ITEM, 0, members=["a", " "])], {"blank_variants", "derivable_share"}),
    (_ITEM, [change(_ITEM, 0, members=["a", "Q: Why 1?\nA: Because 1."])], {"variants_equal_to_target"}),
    (_ITEM, [change(_ITEM, 0, members=["Q: Why 1?\nA: Because 1. And ..."])], {"variants"}),
    (_ITEM, [change(_ITEM, 0, members=["Q: How?\nA: It is so.", "A: Not so."])], {"derivable_share"}),
    (_ITEM, [change(_ITEM, n, record_ids=[ident("rec", 6)]) for n in (0, 1)], {"records_in_two_places"}),
    (_ITEM, [add("silver/best_records", id=ident("rec", 99))], {"records_in_no_place"}),
    (_ITEM, [add("gold/mixture_unused", id=ident("rec", 99))], {"unknown_records"}),
    (_BEST, [add(_BEST, id=ident("rec", 1))], {"best_but_not_high"}),
    (_BEST, [add("bronze/instructions_withdrawn", id=ident("raw", 6))], {"best_but_withdrawn"}),
    (_BEST, [add(_BEST, id=ident("rec", n)) for n in range(1, 4)], {"best_but_not_high", "best_records"}),
    (_ITEM, [change(_ITEM, 0, clusters=[ident("psg", 5)])], {"clusters_in_two_splits"}),
    (
        _ITEM,
        [change(_ITEM, 0, target="Q: Why 3?\nA: Because 3 too.", members=["Q: Why 3?\nA: Because 3 too. And ...", "Q: Why 3?\nA: So."])],
        {"targets_near_heldout"},
    ),
    (_ITEM, [change(_ITEM, 0, passage_ids=[ident("psg", n) for n in (1, 2, 3)])], {"passages_in_two_places"}),
    (_ITEM, [drop("gold/mixture_unused", 0)], {"passages_in_no_place"}),
    (_ITEM, [add("gold/mixture_unused", id=ident("psg", 99))], {"unknown_passages"}),
    (_ANSWERS, [keep(_ANSWERS, 0)], {"items_nobody_answered"}),
    (_ANSWERS, [change(_ITEM, 1, split="heldout"), add(_ANSWERS, id=ident("ans", 9), item_id=ident("mix", 2))], {"rows", "item_id"}),
    (_ANSWERS, [add(_ANSWERS, id=ident("ans", 9), item_id=ident("mix", 1))], {"rows", "item_id", "answers_to_no_heldout_item"}),
    (_ANSWERS, [change(_ANSWERS, 0, role="judge")], {"role"}),
    (_ANSWERS, [change(_ANSWERS, 0, text=None)], {"neither_text_nor_error"}),
    (_DISTILLED, [drop(_REFUSED, 0), keep(_GROUPS, 2)], set()),
    (_DISTILLED, [drop(_REFUSED, 0)], {"groups_without_an_end", "members_that_differ_from_the_group"}),
    (
        _DISTILLED,
        [add(_REFUSED, group_id=ident("grp", 1), member_ids=[ident("rec", 1), ident("rec", 2)])],
        {"groups_with_two_ends"},
    ),
    (_DISTILLED, [add(_REFUSED, group_id=ident("grp", 9))], {"unknown_groups", "members_that_differ_from_the_group"}),
    (
        _DISTILLED,
        [change(_DISTILLED, 0, member_ids=[ident("rec", 1), ident("rec", 3)])],
        {"members_that_differ_from_the_group", "evidence_of_no_member"},
    ),
    (
        _DISTILLED,
        [change(_DISTILLED, 0, evidence=[{"statement": "Answer 0.", "member_id": ident("rec", 2), "start": 9, "end": 9}])],
        {"empty_evidence"},
    ),
    (_DISTILLED, [change(_DISTILLED, 0, evidence=[])], {"evidence_length"}),
    (_DISTILLED, [change(_DISTILLED, 0, gain=0.0)], {"gain"}),
    (_DISTILLED, [change(_DISTILLED, 0, recovered=0.4)], {"recovered"}),
    (_DISTILLED, [change(_DISTILLED, 0, worth=None)], {"worth"}),
    (_TRAINING, [_another(8, sources=["beta"]), _another(9, sources=["beta"]), drop(_EXITS, 3), drop(_EXITS, 3)], {"within_budget"}),
    (_TRAINING, [_another(8), drop(_EXITS, 3)], {"sources_over_their_share"}),
    (
        _TRAINING,
        [change(_TRAINING, row, licences=["CC-BY-SA-4.0"]) for row in (1, 2)],
        {"licence_classes_over_their_share"},
    ),
    (_TRAINING, [keep(_TRAINING, 0)], {"examples", "records_without_an_end", "distilled_items_without_an_end", "overlaps_of_no_example"}),
    (_TRAINING, [change(_TRAINING, 1, score=1.0)], {"originals_below_the_quality_floor"}),
    (_TRAINING, [change("silver/quality", 5, curated=1.0)], {"originals_rated_below_the_quality_floor"}),
    (_TRAINING, [change(_UNIQUE, 5, personal=["email"])], {"members_with_personal_data"}),
    (_TRAINING, [add("bronze/instructions_withdrawn", id=ident("raw", 6))], {"withdrawn_members"}),
    (_TRAINING, [change(_TRAINING, 1, licences=[None])], {"unknown_licences"}),
    (_TRAINING, [change(_TRAINING, 1, prompt="which neighbour LEAKED water")], {"benchmark_items"}),
    (_TRAINING, [change(_TRAINING, 1, prompt="Which neighbour leaked, water?", answer="Nobody!")], {"benchmark_items"}),
    (_TRAINING, [drop(_EXITS, 0)], {"records_without_an_end"}),
    (_TRAINING, [change(_TRAINING, 1, member_ids=[ident("rec", 6), ident("rec", 12)])], {"released_but_never_rated"}),
    (_TRAINING, [add(_EXITS, id=ident("rec", 6))], {"released_and_left"}),
    (_TRAINING, [drop(_TRAINING, 0)], {"distilled_items_without_an_end"}),
    (_TRAINING, [change(_OVERLAPS, 0, shared=7)], {"shared"}),
    (_TRAINING, [change(_OVERLAPS, 0, covered=1.1)], {"covered"}),
    (_TRAINING, [change(_OVERLAPS, 0, items=0)], {"items"}),
    (_TRAINING, [change(_OVERLAPS, 0, stretch=None)], {"stretch"}),
    (_TRAINING, [change(_OVERLAPS, 0, raw_id=None)], {"raw_id"}),
    (_TRAINING, [change(_OVERLAPS, 0, benchmark=None)], {"benchmark"}),
    (_TRAINING, [change(_OVERLAPS, 0, outcome="left")], {"outcome"}),
    (_TRAINING, [add(_OVERLAPS)], {"id"}),
    (_TRAINING, [add(_VECTORS)], {"id"}),
    (_TRAINING, [change(_VECTORS, 0, text_hash=None)], {"text_hash"}),
    (_TRAINING, [change(_VECTORS, 0, embedder=None)], {"embedder"}),
    (_TRAINING, [change(_VECTORS, 0, vector=None)], {"vector"}),
    (_TRAINING, [change(_VECTORS, 0, id=ident("dst", 8))], {"vectors_of_no_candidate"}),
    (_TRAINING, [change(_OVERLAPS, 0, id=ident("rec", 8))], {"overlaps_of_no_example"}),
    (_TRAINING, [add(_EXITS, id=ident("rec", 1))], {"carried_and_left_alone"}),
    (
        _TRAINING,
        [change(_TRAINING, 2, member_ids=[ident("rec", 7), ident("rec", 6)])],
        {"records_in_both_splits", "records_released_twice"},
    ),
    (_TRAINING, [change(_TRAINING, 2, prompt="Question 1?", answer="ANSWER 1")], {"texts_in_both_splits"}),
    (
        _TRAINING,
        [change(_TRAINING, 0, member_ids=[ident("rec", n) for n in (1, 2, 6)])],
        {"records_released_twice"},
    ),
    (_STUDENT, [change(_STUDENT, 0, uri="/nowhere")], {"students_without_files", "students_that_changed"}),
    (_STUDENT, [change(_STUDENT, 0, digest="0")], {"students_that_changed"}),
    (_STUDENT, [change(_STUDENT, 0, share=None)], {"students_never_measured"}),
    *_checkpoint("models/distiller_sft"), *_checkpoint("models/distiller_grpo"),
    (_GRPO, [change(_GRPO, 0, weight_change=0.0)], {"weights_that_did_not_move"}),
    (_GRPO, [change(_GRPO, 0, audit_high=0.5)], {"audit_high"}),
    (_GRPO, [change(_GRPO, 0, reward=float("nan"))], {"held_out_rewards_missing"}),
    (_CHAMPION, [change(_CHAMPION, 0, audit_high=0.5)], {"promoted_by_a_score_that_fails_its_audit"}),
    (_CHAMPION, [change(_CHAMPION, 0, audit_high=None)], {"promoted_by_a_score_that_fails_its_audit"}),
    (_CHAMPION, [keep(_SERVING, 0)], {"distillers_in_service"}),
    (_CHAMPION, [add(_SERVING)], {"more_than_one_in_service"}),
    (_CHAMPION, [add(_CHAMPION)], {"id"}),
    (_CHAMPION, [change(_CHAMPION, 0, low=-0.01)], {"promoted_without_proof"}),
    (_CHAMPION, [change(_CHAMPION, 0, low=None)], {"promoted_without_proof"}),
    (_CHAMPION, [change(_CHAMPION, 0, grounding_low=-0.06)], {"promoted_though_worse"}),
    (_CHAMPION, [change(_CHAMPION, 0, reference_low=None)], {"promoted_though_worse"}),
    (_CHAMPION, [change(_CHAMPION, 0, test=2)], {"promoted_with_more_chance_than_is_left"}),
    (_CHAMPION, [change(_CHAMPION, 0, alpha=None)], {"promoted_with_more_chance_than_is_left"}),
    (_CHAMPION, [change(_CHAMPION, 0, pinned=True)], {"promoted_against_a_pin"}),
    (_CHAMPION, [change(_CHAMPION, 0, act="guess")], {"act"}),
    (_RELEASE, [change(_RELEASE, 0, sha256="0" * 64)], {"changed"}),
    (_RELEASE, [change(_RELEASE, 0, size=5)], {"changed"}),
    (_RELEASE, [change(_RELEASE, 0, path="/nowhere.parquet")], {"missing"}),
    (_RELEASE, [change(_RELEASE, 0, path="/nowhere")], {"missing", "released_rows"}),
    (_RELEASE, [change(_RELEASE, 0, rows=2)], {"rows_not_released"}),
    (_RELEASE, [change(_RELEASE, 0, rows=4)], {"rows_not_in_the_training_set"}),
    (_RELEASE, [change(_RELEASE, 0, rows=0)], {"released_rows", "rows_not_released"}),
    (_UPKEEP, [change(_UPKEEP, 0, path="silver/groups/run-1/part.parquet")], {"path"}),
    (_UPKEEP, [change(_UPKEEP, 0, why="in the way")], {"why"}),
    (_UPKEEP, [change(_UPKEEP, 0, bytes=-1)], {"bytes"}),
]  # fmt: skip
