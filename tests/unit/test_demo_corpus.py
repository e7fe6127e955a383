"""The demo's raw files against the list of what is expected of each row, read with plain parsers only."""

import json
import re
from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from corpus_rows import Fault, Place, Record, file_rows

DEMO = Path(__file__).parents[2] / "demo"
CORPUS = DEMO / "corpus"
HIGH = ["released", "not_selected"]
LOW = ["distilled_released", "distilled_not_selected", "blocked"]
PERSONAL = {
    "e-mail address": r"\b[\w.+]+@example\.org\b",
    "phone number": r"\b\d{3}\)?[ -]555-01\d\d\b",
    "card number": r"\b(?:\d{4}[ -]){3}\d{4}\b",
    "IPv4 address": r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    "API key": r"\b(?:AKIA[A-Z0-9]{16}|sk-[A-Za-z0-9]{20,})\b",
}


@cache
def sources() -> list[dict[str, Any]]:
    return yaml.safe_load((CORPUS / "sources.yaml").read_text(encoding="utf-8"))


@cache
def rows() -> dict[Place, Record | Fault]:
    """Every raw row of the instruction sources by file and position."""
    names = [name for source in sources() if source["kind"] == "instructions" for name in source["files"]]
    return {(name, position): row for name in names for position, row in file_rows(CORPUS / name)}


@cache
def expected() -> dict[Place, dict[str, Any]]:
    lines = (DEMO / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    stated = [json.loads(line) for line in lines]
    by_place = {(row["file"], row["position"]): row for row in stated}
    assert len(by_place) == len(stated), "a row is stated twice"
    return by_place


@cache
def quiz() -> list[dict[str, str]]:
    return [json.loads(line) for line in (CORPUS / "home_quiz/quiz.jsonl").read_text(encoding="utf-8").splitlines()]


def record(place: Place) -> Record:
    row = rows()[place]
    assert isinstance(row, Record), place
    return row


def records() -> dict[Place, Record]:
    return {place: row for place, row in rows().items() if isinstance(row, Record)}


def places(reason: str) -> list[Place]:
    return [place for place, row in expected().items() if row["reason"] == reason]


def pairs(kind: str) -> list[tuple[Place, Place]]:
    """The planted pairs of one kind: exact, near, number or answer."""
    members: dict[str, list[Place]] = {}
    for place, row in expected().items():
        if row["pair"] and row["pair"].startswith(f"{kind}-"):
            members.setdefault(row["pair"], []).append(place)
    return [(first, second) for first, second in members.values()]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def grams(text: str, size: int = 3) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + size]) for start in range(len(found) - size + 1)}


def jaccard(left: set[tuple[str, ...]], right: set[tuple[str, ...]]) -> float:
    return len(left & right) / (len(left | right) or 1)


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:[.:,]\d+)*", text)


def luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def test_every_raw_row_is_stated_once_and_no_other() -> None:
    assert rows().keys() == expected().keys()


def test_every_file_belongs_to_one_source() -> None:
    listed = [name for source in sources() for name in source["files"]]
    assert sorted(listed) == sorted(str(file.relative_to(CORPUS)) for file in CORPUS.glob("*/*"))
    assert all(name.startswith(f"{source['source']}/") for source in sources() for name in source["files"])
    assert [source["source"] for source in sources() if source["licence"] is None] == ["scraps"]


def test_size_topics_and_shapes() -> None:
    topics = Counter(row["topic"] for row in expected().values() if row["topic"])
    assert len(rows()) >= 300
    assert len(topics) == 30
    assert min(topics.values()) >= 10
    assert len({row.shape for row in records().values()}) >= 6
    assert any(file.read_bytes().startswith(b"\xef\xbb\xbf") for file in CORPUS.glob("*/*.csv"))


def test_rows_that_are_no_records_fail_in_the_stated_way() -> None:
    broken = {place: row.reason for place, row in rows().items() if isinstance(row, Fault)}
    assert broken == {place: row["reason"] for place, row in expected().items() if row["outcomes"] == ["quarantined"]}
    counts = Counter(broken.values())
    assert counts["unreadable_file"] == 1
    assert min(counts[reason] for reason in ("malformed_json", "invalid_utf8", "unknown_shape")) >= 2


def test_clean_rows_have_the_outcomes_of_their_quality() -> None:
    clean = [row for row in expected().values() if row["reason"] is None]
    assert all(row["outcomes"] == (HIGH if row["quality"] == "high" else LOW) for row in clean)
    assert Counter(row["quality"] for row in clean).keys() == {"high", "low"}


def test_quality_shows_in_length() -> None:
    for place, row in expected().items():
        if row["quality"] == "high":
            assert 90 <= len(record(place).answer.split()) <= 220, place
        elif row["quality"] == "low":
            assert len(record(place).answer.split()) <= 32, place


def test_rejected_rows_carry_their_fault_and_no_other_row_does() -> None:
    unfit = {
        "empty_prompt": {place for place, row in records().items() if not row.prompt.strip()},
        "empty_answer": {place for place, row in records().items() if not row.answer.strip()},
        "boilerplate_refusal": {place for place, row in records().items() if "AI language model" in row.answer},
        "repetition": {place for place, row in records().items() if is_repetition(row.answer)},
    }
    assert unfit == {reason: set(places(reason)) for reason in unfit}
    assert min(map(len, unfit.values())) >= 2


def is_repetition(answer: str) -> bool:
    said = re.split(r"(?<=\.)\s+", answer)
    return len(said) == 10 and len(set(said)) == 1


@pytest.mark.parametrize("kind", PERSONAL)
def test_personal_records_are_where_they_are_stated(kind: str) -> None:
    planted = {place for place in places("personal_data") if expected()[place]["note"] == kind}
    assert len(planted) >= 2
    found = {place for place, row in records().items() if re.search(PERSONAL[kind], row.text)}
    assert found == planted


def test_card_numbers_pass_the_luhn_check() -> None:
    cards = [found for row in records().values() for found in re.findall(PERSONAL["card number"], row.text)]
    assert len(cards) == 2
    assert all(luhn(re.sub(r"\D", "", card)) for card in cards)
    assert not luhn("4111111111111112")


def test_leaked_questions_are_word_for_word_in_the_benchmark() -> None:
    answers = {item["question"]: item["answer"] for item in quiz()}
    leaked = [record(place) for place in places("contamination")]
    assert len(leaked) == 2
    assert len(answers) == 12
    assert all(answers[row.prompt] in row.answer for row in leaked)


def test_no_other_row_shares_eight_words_with_the_benchmark() -> None:
    held_out = set().union(*(grams(f"{item['question']} {item['answer']}", 8) for item in quiz()))
    assert {place for place, row in records().items() if grams(row.text, 8) & held_out} == set(places("contamination"))


def test_exact_copies_lie_in_two_sources_and_differ_in_form_at_most() -> None:
    found = [(record(first), record(second)) for first, second in pairs("exact")]
    assert len(found) == 3
    assert all(first[0].split("/")[0] != second[0].split("/")[0] for first, second in pairs("exact"))
    assert all(words(left.text) == words(right.text) for left, right in found)
    assert sum(left.text != right.text for left, right in found) == 1
    assert sorted(place for pair in pairs("exact") for place in pair) == sorted(places("exact_record"))


def test_near_duplicates_differ_in_few_words_and_the_shorter_one_goes() -> None:
    assert len(pairs("near")) == 3
    for pair in pairs("near"):
        removed, kept = sorted(pair, key=lambda place: expected()[place]["reason"] != "near")
        assert expected()[removed]["outcomes"] == ["duplicate"]
        assert expected()[kept]["outcomes"] == HIGH
        gone, stays = record(removed), record(kept)
        assert len(gone.text) < len(stays.text)
        assert len(words(gone.text)) >= 60
        assert numbers(gone.text) == numbers(stays.text)
        assert 1 <= len(set(words(gone.text)) ^ set(words(stays.text))) <= 6
        assert jaccard(grams(gone.prompt), grams(stays.prompt)) >= 0.75
        assert jaccard(grams(gone.answer), grams(stays.answer)) >= 0.75


def test_rows_that_differ_in_a_number_only_are_no_duplicates() -> None:
    assert len(pairs("number")) == 2
    for first, second in pairs("number"):
        left, right = record(first).text, record(second).text
        assert numbers(left) != numbers(right)
        assert re.sub(r"\d+", "#", left) == re.sub(r"\d+", "#", right)
        assert jaccard(grams(left), grams(right)) >= 0.75
        assert expected()[first]["outcomes"] == expected()[second]["outcomes"] == HIGH


def test_the_same_question_with_another_answer_is_no_duplicate() -> None:
    assert len(pairs("answer")) == 2
    for first, second in pairs("answer"):
        assert record(first).prompt == record(second).prompt
        assert jaccard(grams(record(first).answer), grams(record(second).answer)) < 0.2
        assert expected()[first]["outcomes"] == expected()[second]["outcomes"] == LOW


def test_no_unplanted_pair_is_close() -> None:
    planted = {frozenset(pair) for kind in ("exact", "near", "number") for pair in pairs(kind)}
    shingles = {place: grams(row.text) for place, row in records().items()}
    close = {
        frozenset(pair) for pair in combinations(shingles, 2) if jaccard(shingles[pair[0]], shingles[pair[1]]) >= 0.5
    }
    assert close == planted


def test_hostile_text_is_in_one_clean_row() -> None:
    hostile = [place for place, row in records().items() if "<script>" in row.answer and "onerror=" in row.answer]
    assert [expected()[place]["outcomes"] for place in hostile] == [HIGH]
