"""A small lake for tests: every table but the release published from literal rows, two sources, ids and counts consistent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from lake.ids import content_id, rekind, sha256_text
from lake.stages import STAGES
from lake.storage.attempts import record_attempt
from lake.storage.publication import Publication
from lake.storage.report import Acceptance, CheckReport, StageReport
from lake.storage.store import Lake
from lake.tables import TABLES
from texts.embed.vector_bytes import FLOAT

RULES_ALONE = str(Path(__file__).with_name("rules_alone.yaml"))  # a profile whose silver/ratings loads no model
MOMENT = datetime(2024, 5, 17, 9, 30, tzinfo=UTC)
HOSTILE = "<script>document.title='owned'</script>\"><img src=x onerror=\"document.title='owned'\">\u202etxt.exe"
Row = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

_PANTRY, _WORKSHOP, _ALMANAC = "pantry", "workshop", "almanac"
_LICENCES = {_PANTRY: "CC-BY-4.0", _WORKSHOP: "CC0-1.0", _ALMANAC: "CC-BY-SA-4.0"}
_CONTENTS: dict[str, tuple[str, str, str]] = {  # name: source, prompt, answer
    "rice_water": (_PANTRY, "How do I cook rice?", "Use two cups of water for one cup of rice."),
    "rice_time": (_WORKSHOP, "Cooking rice?", "Simmer the rice for fifteen minutes with the lid on."),
    "rice_rest": (_PANTRY, "What about rice?", "Let it rest ten minutes, then fluff it with a fork."),
    "rice_copy": (_WORKSHOP, "How do I cook rice?", "Use two cups of water for one cup of rice."),
    "drill_speed": (_WORKSHOP, "Which drill speed?", "Go slowly in metal."),
    "drill_oil": (_WORKSHOP, "Drilling metal?", f"Use oil. {HOSTILE}"),
    "bread": (_PANTRY, "Why let dough rise?", "Yeast makes gas; time lets gluten relax, so the loaf is light."),
    "saw": (_WORKSHOP, "How do I saw straight?", "Start with three short pulls, then long strokes along the line."),
    "glue": (_WORKSHOP, "Whom do I ask about glue?", "Write to glue@shop.example, they know each kind."),
    "nail": (_WORKSHOP, "What size of nail?", "Three times as long as the board is thick."),
    "paint": (_PANTRY, "Paint?", "Two coats."),
}


def vector(*components: float) -> bytes:
    """A vector as the lake's tables hold it."""
    return np.array(components, FLOAT).tobytes()


def raw_id(name: str) -> str:
    """The raw id of a row of the small lake."""
    return content_id("raw", name)


def rec(name: str) -> str:
    """The record id of a row of the small lake."""
    return rekind("rec", raw_id(name))


def psg(name: str) -> str:
    """The passage id of a passage of the small lake."""
    return rekind("psg", raw_id(name))


def small_lake(root: Path, last: str = "reports/evaluation") -> Lake:
    """A lake under `root` with every stage up to `last` published, in pipeline order; the release is left to the test."""
    for path, content in _files_of_a_small_lake(last).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return Lake(str(root))


@cache
def _files_of_a_small_lake(last: str) -> Mapping[Path, bytes]:
    """Published once a process: fifty commits take ten times as long as to write their files again."""
    with TemporaryDirectory() as root:
        lake = Lake(root)
        lake.append("landing/files", _table("landing/files", _FILES), "files")
        for key in STAGES:
            if key in ROWS:
                publish(lake, key, ROWS[key], {side: ROWS.get(side, ()) for side in STAGES[key].sides})
            if key == last:
                break
        return {path.relative_to(root): path.read_bytes() for path in Path(root).rglob("*") if path.is_file()}


def publish(
    lake: Lake,
    key: str,
    rows: Rows,
    sides: Mapping[str, Rows] | None = None,
    run_id: str = "",
    grown: bool = False,
    moment: datetime = MOMENT,
    inputs: Mapping[str, int] | None = None,
    accepted: Sequence[Acceptance] = (),
) -> int:
    """Publishes rows of a stage and of its side tables (empty ones too) as one run would, with a passed gate; returns the version.

    `grown`: as a run on what is new alone would. `inputs`: what it read, by default the newest of each. `accepted`: though a gate rejected it.
    """
    run = run_id or f"run-{key.replace('/', '-')}"
    filled = dict.fromkeys(STAGES[key].sides, ()) | dict(sides or {})
    counts = {key: len(rows)} | {name: len(found) for name, found in filled.items()}
    told = Publication(
        stage=key, run_id=run, published_at=moment, params_hash="p" * 16, code_hash="c" * 16, suite=STAGES[key].suite,
        inputs=dict(inputs or {table: lake.version(table) or 0 for table in STAGES[key].inputs}), rows=counts,
        grown=grown, accepted=tuple(accepted), params={"contamination_coverage": 0.5} if key == "gold/training_set" else {},
    )  # fmt: skip
    staged = {name: lake.write(name, f"run-{run}", _table(name, found)) for name, found in filled.items()}
    versions = {name: lake.publish(found, told) for name, found in staged.items()}
    own = lake.write(key, f"run-{run}", _table(key, rows))
    version = lake.publish(own, told.model_copy(update={"sides": versions}))
    record_attempt(lake, _report(key, run, version, len(rows)))
    return version


def _table(key: str, rows: Rows) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES[key].schema)


def _report(key: str, run: str, version: int, rows: int) -> StageReport:
    folder = key.replace("/", "-")
    checks = (
        CheckReport(batch=key, expectation="expect_column_values_to_be_unique", column=TABLES[key].id, passed=True),
        CheckReport(
            batch="figures", expectation="expect_column_values_to_be_between", column="share", severity="warning",
            passed=key != "silver/quality", observed="0.42", allowed="at most 0.40",
        ),
    )  # fmt: skip
    return StageReport(
        stage=key, status="published", run_id=run, version=version, rows={key: rows}, checks=checks,
        audit_page=f"{folder}/{run}.html", seconds=1.5,
    )  # fmt: skip


def _record(name: str) -> Row:
    source, prompt, answer = _CONTENTS[name]
    text = f"{prompt}\n{answer}"
    turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    return {
        "id": rec(name), "raw_id": raw_id(name), "source": source, "licence": _LICENCES[source], "original_id": None,
        "language": "en", "item_type": "qa", "messages": turns, "prompt": prompt, "answer": answer, "text": text,
        "text_hash": sha256_text(text), "personal": ["email"] if name == "glue" else [],
        "subjects": [],
    }  # fmt: skip


def _raw(name: str, position: int) -> Row:
    record = _record(name)
    own = {key: record[key] for key in ("source", "licence", "messages")}
    return own | {
        "id": raw_id(name), "uri": f"file:{record['source']}.jsonl", "position": position, "shape": "alpaca",
        "content_hash": record["text_hash"], "raw": record["text"].encode(),
    }  # fmt: skip


def _quarantined(name: str, source: str, reason: str) -> Row:
    return {
        "id": raw_id(name), "source": source, "licence": _LICENCES[source], "uri": f"file:{source}.jsonl", "position": 99,
        "raw": HOSTILE.encode(), "outcome": "quarantined", "reason": reason, "detail": HOSTILE,
    }  # fmt: skip


def _exit(row_id: str, source: str, outcome: str, reason: str, detail: str = "") -> Row:
    return {"id": row_id, "source": source, "outcome": outcome, "reason": reason, "detail": detail}


def _passage(name: str, title: str, text: str) -> Row:
    return {
        "id": psg(name), "raw_id": raw_id(name), "source": _ALMANAC, "licence": _LICENCES[_ALMANAC], "language": "en",
        "title": title, "text": text,
    }  # fmt: skip


def _mixture(name: str, item_type: str, split: str, passage: str, target: str) -> Row:
    return {
        "id": content_id("mix", name), "item_type": item_type, "split": split, "clusters": [psg(passage)], "title": f"{name} {HOSTILE}",
        "passage_ids": [psg(passage)], "record_ids": [], "sources": [_ALMANAC], "licences": ["CC0-1.0"], "members": ["Q: The moon?\nA: It pulls.", "Q: Tides?\nA: Twice a day."],
        "operators": ["fragment", "typos"], "reasoning": "From [1]: it pulls.", "target": target, "target_score": 4.5, "builder": "rules",
    }  # fmt: skip


_SERVING: Row = {"model": "rules-1", "engine": "rules", "uri": None}


def _answer(item: str, engine: str, score: float) -> Row:
    return {
        "id": content_id("ans", item, engine), "item_id": content_id("mix", item), "model": "grpo-1" if engine == "vllm" else "rules-1", "engine": engine, "uri": "model" if engine == "vllm" else None,
        "role": "champion" if engine == "rules" else "challenger", "reference": score, "item_type": "qa", "text": "Q: Tides?\nA: The moon.", "error": None, "well_formed": True, "quality": score,
        "alignment": score, "grounding": score, "recovered": score, "conciseness": score, "score": score,
    }  # fmt: skip


def _curve(names: Sequence[str]) -> list[Row]:
    return [{"step": step, "name": name, "value": 3.0 / step} for name in names for step in range(1, 6)]


def _distilled() -> Row:
    return {
        "id": content_id("dst", "rice"), "group_id": content_id("grp", "rice"),
        "member_ids": [rec("rice_water"), rec("rice_time"), rec("rice_rest")], "sources": [_PANTRY, _WORKSHOP],
        "licences": ["CC-BY-4.0", "CC0-1.0"], "language": "en", "item_type": "qa", "prompt": "How do I cook rice?",
        "answer": "Use two cups of water for one cup of rice, simmer for fifteen minutes with the lid on, let it rest ten "
        "minutes, then fluff it with a fork.",
        "model": "rules", "coverage": 0.95, "faithful": 1.0, "recovered": 1.0, "worth": 0.9, "gain": 0.5, "novelty": 0.6, "rating": 4.6,
        "evidence": [{"statement": "simmer for fifteen minutes with the lid on", "member_id": rec("rice_time"), "start": 20, "end": 72}],
    }  # fmt: skip


def _released(origin: str, row: Row, members: Sequence[str], split: str) -> Row:
    turns = [{"role": "user", "content": row["prompt"]}, {"role": "assistant", "content": row["answer"]}]
    return {
        "id": content_id("rel", row["id"]), "origin": origin, "origin_id": row["id"], "member_ids": list(members),
        "sources": row.get("sources") or [row["source"]], "licences": row.get("licences") or [row["licence"]],
        "language": "en", "messages": turns, "prompt": row["prompt"], "answer": row["answer"], "score": 4.6, "split": split,
    }  # fmt: skip


def _member(group: str, name: str, size: int) -> Row:
    record = _record(name)
    own = {key: record[key] for key in ("id", "source", "licence", "language", "item_type")}
    own |= {"licence_class": own["licence"], "group_licence": own["licence"]}
    return own | {"group_id": content_id("grp", group), "size": size, "similarity": 0.8, "cohesion": 0.7 + size / 100}


def _file(name: str, source: str, kind: str) -> Row:
    return {
        "uri": f"file:{name}", "source": source, "licence": _LICENCES.get(source), "kind": kind, "sha256": sha256_text(name),
        "size": 100, "registered_at": MOMENT,
    }  # fmt: skip


_UNIQUE = [name for name in _CONTENTS if name != "rice_copy"]
_RATED = [name for name in _UNIQUE if name != "nail"]
_HIGH = {"bread", "saw", "glue"}
_EVALUATION = [
    {
        "arm": arm,
        "seed": seed,
        "benchmark": "mixture",
        "metric": "mixture_nll",
        "value": loss + seed / 10,
        "items": 2,
        "base": "scratch",
    }
    for arm, loss in (("released", 5.0), ("random", 5.5), ("high_only", 5.25))
    for seed in (0, 1, 2)
] + [
    {"arm": "distilled", "seed": 0, "metric": f"facts_{side}", "value": share, "items": 1, "base": None}
    for side, share in (("best_member", 0.4), ("distilled", 0.8), ("full", 1.0), ("per_100_words_distilled", 6.5))
]
_COMPARISONS = [
    {
        "control": control,
        "metric": "mixture_nll",
        "benchmarks": ["mixture"],
        "difference": difference,
        "low": difference - 0.3,
        "high": difference + 0.3,
        "chance": 0.01,
        "comparisons": 2,
        "items": 2,
        "clusters": 2,
        "seeds": 3,
        "seeds_planned": 3,
        "headline": control == "random",
        "sentence": f"Against {control}: it is better in loss, {difference:+.2f}.",
    }
    for control, difference in (("random", -0.5), ("high_only", -0.25))
] + [
    {
        "control": "none",
        "metric": "mixture_nll",
        "benchmarks": ["mixture"],
        "items": 2,
        "seeds": 0,
        "seeds_planned": 3,
        "headline": False,
        "sentence": "Against none: not compared.",
    },
]
_FILES = [
    _file("pantry.jsonl", _PANTRY, "instructions"), _file("workshop.jsonl", _WORKSHOP, "instructions"),
    _file("almanac.jsonl", _ALMANAC, "passages"), _file("quiz.jsonl", "quiz", "benchmark"),
]  # fmt: skip
_LOW_EXITS = {"drill_speed": _WORKSHOP, "drill_oil": _WORKSHOP, "paint": _PANTRY}

ROWS: Mapping[str, Rows] = {
    "bronze/instructions": [*(_raw(name, n) for n, name in enumerate(_CONTENTS)), _raw("bread", 50) | {"id": raw_id("empty")}],
    "bronze/instructions_quarantine": [_quarantined("broken", _PANTRY, "malformed_json")],
    "bronze/passages": [
        {"id": raw_id(name), "source": _ALMANAC, "licence": "CC-BY-SA-4.0", "uri": "file:almanac.jsonl", "position": n,
         "content_hash": sha256_text(name), "raw": b"{}", "title": name, "text": "Some text."}
        for n, name in enumerate(("tides", "moon", "frost", "dew"))
    ],
    "bronze/passages_quarantine": [_quarantined("torn", _ALMANAC, "invalid_utf8")],
    "bronze/references": [
        {"id": raw_id("quiz"), "source": "quiz", "uri": "file:quiz.jsonl", "position": 0, "role": "benchmark", "name": "q1",
         "text": "What is the boiling point of water?", "facts": []},
    ],
    "silver/instructions": [_record(name) for name in _CONTENTS],
    "silver/instructions_rejected": [_exit(raw_id("empty"), _PANTRY, "rejected", "empty_answer")],
    "silver/instructions_changed": [
        {"id": raw_id("bread"), "source": _PANTRY, "kinds": ["markup"], "before": f"<p>{HOSTILE}</p>", "after": HOSTILE},
        {"id": raw_id("paint"), "source": _PANTRY, "kinds": ["white_space"], "before": None, "after": None},
    ],
    "silver/passages": [_passage(name, name.title(), f"Of {name}.") for name in ("tides", "moon", "frost")],
    "silver/passages_rejected": [_exit(raw_id("dew"), _ALMANAC, "rejected", "too_short")],
    "silver/unique_instructions": [_record(name) for name in _UNIQUE],
    "silver/duplicates": [
        {"removed_id": rec("rice_copy"), "kept_id": rec("rice_water"), "source": _WORKSHOP, "rule": "exact_record", "similarity": 1.0},
    ],
    "models/student_embedder": [
        {"decision": "trained", "parts": [{"part": "source", "value": _PANTRY, "rows": 5, "share": 0.8, "overlap": 0.4}]},
    ],
    "silver/embeddings": [
        {"text_hash": _record(name)["text_hash"], "embedder": "test", "vector": vector(1.0, 0.0) if n % 2 else vector(0.6, 0.8)}
        for n, name in enumerate(_UNIQUE)
    ],
    "silver/ratings": [
        {"id": rec(name), "judge": "rules", "prompt_version": "1", "rarity": 5, "complexity": 5, "informativeness": 5,
         "state": "failed" if name == "nail" else "rated", "overall": None if name == "nail" else 9 if name in _HIGH else 5, "error": "no rating" if name == "nail" else None}
        for name in _UNIQUE
    ],
    "silver/second_ratings": [
        {"id": f"opn_{n:024x}", "record_id": rec(name), "name": "perplexity", "role": "beside", "judge": "judge_0", "prompt_version": "loss-1",
         "state": "rated", "overall": 1 + n % 10, "figure": 4.5 + n}
        for n, name in enumerate(_RATED)
    ],
    "silver/quality": [
        {"id": rec(name), "score": (score := 4.6 if name in _HIGH else 1.0), "curated": score, "uncertainty": 0.1, "neighbour_score": 2.0, "judges": 1,
         "high": name in _HIGH}
        for name in _RATED
    ],
    "silver/score_transitions": [],
    "silver/unrated": [_exit(rec("nail"), _WORKSHOP, "unrated", "judge_failed")],
    "silver/groups": [
        *(_member("rice", name, 3) for name in ("rice_water", "rice_time", "rice_rest")),
        *(_member("drill", name, 2) for name in ("drill_speed", "drill_oil")),
    ],
    "silver/singletons": [_exit(rec("paint"), _PANTRY, "not_grouped", "no_neighbour")],
    "silver/best_records": [
        {"id": rec(name), "source": _PANTRY, "licence": "MIT", "language": "en", "prompt": "Why?", "answer": "Because.", "score": 4.6}
        for name in sorted(_HIGH)
    ],
    "gold/mixture": [
        _mixture("tides", "qa", "sft", "tides", "Q: What makes tides?\nA: The moon pulls the sea twice a day."),
        _mixture("moon", "true_false", "heldout", "moon", "The moon pulls the sea.\nAnswer: True"),
    ],
    "gold/mixture_unused": [_exit(psg("frost"), _ALMANAC, "mixture_unused", "over_limit")],
    "models/distiller_sft": [
        {"digest": "sft-1", "recipe": "demo", "uri": "model", "base": "tiny", "steps": 5, "train_rows": 1, "dropped_rows": 0,
         "max_tokens": 256, "frequency_penalty": 0.5, "loss": 0.6, "format_rate": 0.75, "curve": _curve(("loss", "grad_norm"))},
    ],
    "models/distiller_grpo": [
        {"digest": "grpo-1", "recipe": "demo", "uri": "model", "base": "sft-1", "steps": 5, "train_rows": 1, "reward": 0.5,
         "reward_before": 0.4, "kl": 0.01, "frac_reward_zero_std": 0.2, "format_rate": 0.8, "weight_change": 0.001,
         "audit_kind": "figure", "audit_share": 1.0, "audit_high": 1.0, "audit": [{"kind": "figure", "pairs": 25, "below": 25}], "dropped_rows": 0, "max_tokens": 256, "frequency_penalty": 0.5,
         "quality_judge": "rubric", "quality_skill": 0.9, "quality_low": 0.8,
         "curve": _curve(("reward", "reward_std", "kl", "rewards/quality/mean", "rewards/quality/std", "cheats/thin"))},
    ],
    "gold/heldout_answers": [_answer("moon", "rules", 0.7), _answer("moon", "vllm", 0.1)],
    "models/champion": [
        {"id": "dec_1", "number": 1, "act": "first", **_SERVING, "pinned": False, "promoted": False, "decision": "The extractive rules serve."},
        {"id": "dec_2", "number": 2, "act": "challenge", **_SERVING, "pinned": False, "champion": "rules-1", "champion_score": 0.7,
         "challenger": "grpo-1", "challenger_score": 0.1, "difference": -0.6, "low": -0.7, "high": -0.5, "items": 1, "clusters": 1,
         "test": 1, "alpha": 0.025, "audit_kind": "figure", "audit_share": 0.9, "audit_high": 0.96,
         "audit": [{"kind": "figure", "pairs": 60, "below": 54}, {"kind": "empty shell", "pairs": 40, "below": 40}], "promoted": False,
         "decision": "The extractive rules serve."},
    ],
    "models/in_service": [_SERVING],
    "gold/distilled": [_distilled()],
    "gold/distilled_refused": [
        {"group_id": content_id("grp", "drill"), "member_ids": [rec("drill_speed"), rec("drill_oil")], "text": f"Drill. {HOSTILE}",
         "reason": "thin", "detail": "covers 0.20 of its members, 0.60 is needed"},
    ],
    "gold/training_set": [
        _released("distilled", _distilled(), _distilled()["member_ids"], "train"),
        _released("original", _record("bread"), [rec("bread")], "validation"),
    ],
    "gold/training_set_exits": [
        _exit(rec("saw"), _WORKSHOP, "not_selected", "over_budget"),
        _exit(rec("glue"), _WORKSHOP, "blocked", "personal_data"),
        *(_exit(rec(name), source, "blocked", "quality_floor") for name, source in _LOW_EXITS.items()),
    ],
    "gold/training_set_overlaps": [
        {"id": rec("bread"), "outcome": "released", "raw_id": raw_id("quiz"), "benchmark": "quiz", "items": 1, "shared": 14, "covered": 0.4,
         "stretch": f"why let the dough rise until it is twice as large as before {HOSTILE}"},
        {"id": rec("leak"), "outcome": "blocked", "raw_id": raw_id("quiz"), "benchmark": "quiz", "items": 2, "shared": 8, "covered": 1.0,
         "stretch": "what is the boiling point of water then"},
    ],
    "gold/training_set_vectors": [
        {"id": _distilled()["id"], "text_hash": sha256_text(_distilled()["prompt"]), "embedder": "test", "vector": vector(1.0, 0.0)},
    ],
    "reports/evaluation": _EVALUATION,
    "reports/evaluation_comparisons": _COMPARISONS,
    "reports/evaluation_items": [
        {"arm": "released", "seed": 0, "benchmark": "mixture", "metric": "mixture_nll", "item_id": "mix_1", "cluster": 0, "value": 5.0},
    ],
}  # fmt: skip
