"""A small, correct lake in memory: the rows of every table, so that each suite has something right to look at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from lakes import vector

from lake.tables import TABLES
from texts.embed.embedder import Embedder

Rows = dict[str, list[dict[str, Any]]]


def ident(kind: str, number: int) -> str:
    """An id of the right shape."""
    return f"{kind}_{number:024x}"


def tables(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, ds.Dataset]:
    """The rows as datasets of the declared schemas; a missing column is null."""
    return {key: ds.dataset(pa.Table.from_pylist(listed, schema=TABLES[key].schema)) for key, listed in rows.items()}


def _record(number: int) -> dict[str, Any]:
    prompt, answer = f"What is fact {number}?", f"Fact {number} is number {number}."
    return {
        "id": ident("rec", number), "raw_id": ident("raw", number), "source": "alpha", "licence": "mit", "language": "en",
        "item_type": "qa", "prompt": prompt, "answer": answer, "text": f"{prompt}\n{answer}",
        "text_hash": f"{number:064x}", "personal": [],
        "messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}],
    }  # fmt: skip


def _exit(id_: str, outcome: str, reason: str) -> dict[str, Any]:
    return {"id": id_, "source": "alpha", "outcome": outcome, "reason": reason, "detail": "said in the test"}


def bronze() -> Rows:
    """15 raw records, 12 passages and 2 references of registered files, one quarantined row of each kind, which its file no longer has,
    and one file of each kind that waits.
    """
    placed = {"source": "alpha", "licence": "mit", "raw": b"{}", "content_hash": "0"}
    kinds = {"instructions": ("instructions", 100), "passages": ("passages", 200), "references": ("benchmark", 300)}
    quarantine = {
        f"bronze/{name}_quarantine": [
            {
                **placed,
                "id": ident("raw", first + 99),
                "uri": f"/{name}",
                "position": 99,
                "outcome": "quarantined",
                "reason": "malformed_json",
            }
        ]
        for name, (_, first) in kinds.items()
    }
    pending = {
        f"bronze/{name}_pending": [
            {
                "id": ident("wait", first),
                "uri": f"/{name}/held",
                "source": "alpha",
                "sha256": "0",
                "reason": "fewer_rows",
                "detail": "it gives 2 records",
                "rows": 2,
                "bytes": 9,
            }
        ]
        for name, (_, first) in kinds.items()
    }
    withdrawn = {
        f"bronze/{name}_withdrawn": [{"id": ident("raw", first + 99), "source": "alpha", "uri": f"/{name}"}]
        for name, (_, first) in kinds.items()
    }
    messages = [{"role": "user", "content": "Why?"}]
    return {
        "landing/files": [
            {"uri": uri, "source": "alpha", "kind": kind, "size": 9}
            for name, (kind, _) in kinds.items()
            for uri in (f"/{name}", f"/{name}/held")
        ],
        "bronze/instructions": [
            {**placed, "id": ident("raw", n), "uri": "/instructions", "position": n, "shape": "alpaca", "messages": messages}
            for n in range(1, 16)
        ],
        "bronze/passages": [
            {**placed, "id": ident("raw", 200 + n), "uri": "/passages", "position": n, "title": f"T{n}", "text": "a passage " * 9, "text_key": f"{n:064x}"}
            for n in range(1, 13)
        ],
        "bronze/references": [
            {**placed, "id": ident("raw", 301), "uri": "/references", "position": 1, "role": "benchmark", "name": "b1", "text": "Which neighbour leaked water?\nNobody."},
            {**placed, "id": ident("raw", 302), "uri": "/references", "position": 2, "role": "truth", "name": "t1", "text": "A truth.", "facts": ["truth"]},
        ],
        **quarantine,
        **pending,
        **withdrawn,
    }  # fmt: skip


def silver() -> Rows:
    """Records 1..14 are clean, 1..12 unique, 1..11 rated, 1..5 low; groups {1, 2} and {3, 4}, record 5 is alone."""
    records = [_record(number) for number in range(1, 15)]
    scores = {number: 1.0 if number <= 5 else 4.0 + number / 20 for number in range(1, 12)}
    return {
        "silver/instructions": records,
        "silver/instructions_rejected": [_exit(ident("raw", 15), "rejected", "too_short")],
        "silver/instructions_changed": [
            {"id": ident("raw", 1), "source": "alpha", "kinds": ["markup"], "before": "<p>x</p>", "after": "x"},
        ],
        "silver/passages": [
            {"id": ident("psg", n), "raw_id": ident("raw", 200 + n), "source": "alpha", "licence": "mit", "language": "en", "title": f"T{n}", "text": "a passage " * 9, "text_key": f"{n:064x}"}
            for n in range(1, 11)
        ],
        "silver/passages_rejected": [
            _exit(ident("raw", 211), "duplicate", "exact_passage"), _exit(ident("raw", 212), "rejected", "too_long")
        ],
        "silver/unique_instructions": records[:12],
        "silver/duplicates": [
            {"removed_id": ident("rec", 13), "kept_id": ident("rec", 1), "source": "alpha", "rule": "near", "similarity": 0.8},
            {"removed_id": ident("rec", 14), "kept_id": ident("rec", 2), "source": "alpha", "rule": "exact_record", "similarity": 1.0},
        ],
        "silver/rejected_pairs": [
            {"left": ident("rec", 3), "right": ident("rec", 4), "similarity": 0.5, "prompt_similarity": 0.4, "answer_similarity": 0.6, "reason": "whole_record"},
        ],
        "silver/signatures": [
            {"id": ident("rec", n), "exact": bytes(16), "bands": b""} for n in range(1, 13)
        ],
        "silver/embeddings": [
            {"text_hash": f"{n:064x}", "embedder": "e", "vector": vector(0.6, 0.8, 0.0)} for n in range(1, 13)
        ],
        "silver/student_fidelity": [
            {"embedder": "e", "teacher": "t", "texts": 100, "share": 0.9, "overlap": 0.5, "advice": "train again"}
        ],
        "silver/ratings": [
            {"id": ident("rec", n), "judge": "j", "prompt_version": "1", "state": "rated", "rarity": 5, "complexity": 5, "informativeness": 5, "overall": 3 + n % 5}
            for n in range(1, 12)
        ] + [{"id": ident("rec", 12), "judge": "j", "prompt_version": "1", "state": "unparsable", "said": "no JSON", "error": "unparsable_rating: no JSON"}],
        "silver/second_ratings": [
            {"id": ident("opn", n), "record_id": ident("rec", n), "name": "perplexity", "role": "beside", "judge": "k", "prompt_version": "1", "state": "rated", "overall": 3 + n % 5, "figure": 8.5}
            for n in range(1, 4)
        ],
        "silver/rating_predictors": [
            {"digest": "d", "uri": "/d", "judge": "j", "fitted": 300, "heldout": 60, "explained": 0.4, "explained_low": 0.2, "error": 1.0, "advice": "raise the sample"},
        ],
        "silver/quality": [
            {"id": ident("rec", n), "score": score, "curated": score, "uncertainty": 0.5, "neighbour_score": score, "judges": 1, "high": score >= 4}
            for n, score in scores.items()
        ],
        "silver/score_transitions": [
            {"id": f"est_{score}", "score": score, "share": 1 / 6, "records": 5_000, "agreement": 0.3, "used": True, "decision": "curated"}
            | {f"rated_{rated}": 0.75 if rated == score else 0.05 for rated in range(6)}
            for score in range(6)
        ],
        "silver/unrated": [_exit(ident("rec", 12), "unrated", "unparsable_rating")],
        "silver/groups": [
            {
                "group_id": ident("grp", (n + 1) // 2), "id": ident("rec", n), "size": 2, "similarity": 0.9, "cohesion": 0.8,
                "source": "alpha", "licence": "mit", "licence_class": "mit", "group_licence": "mit", "language": "en",
                "item_type": "qa",
            }
            for n in range(1, 5)
        ],
        "silver/singletons": [_exit(ident("rec", 5), "not_grouped", "no_neighbour")],
        "silver/best_records": [
            {"id": ident("rec", n), "source": "alpha", "licence": "mit", "language": "en", "prompt": "Why?", "answer": "So.", "score": scores[n]}
            for n in sorted(scores) if scores[n] >= 4
        ],
    }  # fmt: skip


def gold() -> Rows:
    """Three MIXTURE items and their answers, one distilled item of group 1, a training set of three of six candidates."""
    items = [
        {
            "id": ident("mix", n), "item_type": "qa", "split": split, "clusters": [ident("psg", 2 * n - 1)], "title": "T", "passage_ids": [ident("psg", 2 * n - 1), ident("psg", 2 * n)], "record_ids": [], "sources": ["alpha"], "licences": ["mit"],
            "members": [f"Q: Why {n}?\nA: It is so.", f"A: Because {n}. And ..."], "operators": ["cut", "cut"], "reasoning": "From [1]: it is so.", "target": f"Q: Why {n}?\nA: Because {n}.",
            "target_score": 4.5, "builder": "b",
        }
        for n, split in enumerate(("sft", "grpo", "heldout"), start=1)
    ]  # fmt: skip
    figures = {
        "well_formed": True,
        "quality": 0.9,
        "alignment": 0.8,
        "reference": 0.5,
        "grounding": 1.0,
        "recovered": 0.9,
        "conciseness": 0.9,
        "score": 0.81,
    }
    answers = [
        {
            "id": ident("ans", n),
            "item_id": ident("mix", 3),
            "model": model,
            "engine": engine,
            "role": role,
            "item_type": "qa",
            "text": "said",
            **figures,
        }
        for n, (model, engine, role) in enumerate((("rules-1", "rules", "champion"), ("d1", "vllm", "challenger")))
    ]
    released = [
        (ident("dst", 1), "distilled", [1, 2], 4.0),
        (ident("rec", 6), "original", [6], 4.3),
        (ident("rec", 7), "original", [7], 4.35),
    ]
    training = [
        {
            "id": ident("rel", n), "origin": origin, "origin_id": origin_id, "member_ids": [ident("rec", m) for m in members],
            "sources": ["alpha"], "licences": ["mit"], "language": "en", "messages": [{"role": "user", "content": "?"}],
            "prompt": f"Question {n}?", "answer": f"Answer {n}.", "score": score, "split": "validation" if n == 2 else "train",
        }
        for n, (origin_id, origin, members, score) in enumerate(released)
    ]  # fmt: skip
    left = [_exit(ident("rec", n), "blocked", "quality_floor") for n in (3, 4, 5)]
    left += [_exit(ident("rec", n), "not_selected", "over_budget") for n in (8, 9, 10, 11)]
    return {
        "gold/mixture": items,
        "gold/mixture_unused": [_exit(ident("psg", n), "mixture_unused", "over_limit") for n in (7, 8, 9, 10)]
        + [_exit(ident("rec", n), "mixture_unused", "over_limit") for n in range(6, 12)],
        "gold/heldout_answers": answers,
        "gold/distilled": [
            {
                "id": ident("dst", 1), "group_id": ident("grp", 1), "member_ids": [ident("rec", 1), ident("rec", 2)],
                "sources": ["alpha"], "licences": ["mit"], "language": "en", "item_type": "qa", "prompt": "Question 0?",
                "answer": "Answer 0.", "model": "rules-1", "coverage": 0.8, "faithful": 1.0, "recovered": 0.9,
                "worth": 0.8, "gain": 0.3, "novelty": 0.4, "rating": 3.0,
                "evidence": [{"statement": "Answer 0.", "member_id": ident("rec", 2), "start": 16, "end": 25}],
            }
        ],
        "gold/distilled_refused": [
            {"group_id": ident("grp", 2), "member_ids": [ident("rec", 3), ident("rec", 4)], "text": "", "reason": "thin", "detail": "0.1"}
        ],
        "gold/training_set": training,
        "gold/training_set_exits": left,
        "gold/training_set_overlaps": [
            {"id": ident("rec", 6), "outcome": "released", "raw_id": ident("raw", 99), "benchmark": "quiz", "items": 1, "shared": 9, "covered": 0.3,
             "stretch": "one two three four five six seven eight nine"}
        ],
        "gold/training_set_vectors": [
            {"id": ident("rec", 10), "text_hash": "a" * 64, "embedder": "e", "vector": vector(1.0, 0.0, 0.0)},
        ],
    }  # fmt: skip


def _student(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("modules.json", "model.safetensors", "tokenizer.json"):
        (folder / name).write_text(name)
    return {
        "digest": Embedder("student", folder).digest, "uri": str(folder), "teacher": "t", "decision": "trained", "train_rows": 9,
        "share": 0.9, "overlap": 0.5, "recall": 0.7, "teacher_recall": 0.8,
    }  # fmt: skip


def models(folder: Path) -> Rows:
    """A checkpoint of three files under `folder`, trained twice, and the champion."""
    folder.mkdir(parents=True, exist_ok=True)
    total = hashlib.sha256()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).write_text(name)
        total.update(f"{name}\0{hashlib.sha256(name.encode()).hexdigest()}\n".encode())
    common = {
        "digest": total.hexdigest(),
        "recipe": "demo",
        "uri": str(folder),
        "base": "tiny",
        "steps": 5,
        "train_rows": 9,
        "format_rate": 0.9,
    }
    grpo = {
        "reward": 0.5,
        "reward_before": 0.4,
        "kl": 0.1,
        "frac_reward_zero_std": 0.2,
        "weight_change": 0.01,
        "audit_high": 0.98,
    }
    serving = {"model": "d1", "engine": "vllm", "uri": str(folder)}
    champion = {
        "id": "dec_1", "number": 2, "act": "challenge", **serving, "pinned": False, "champion": "rules-1", "challenger": "d1", "items": 200,
        "clusters": 100, "test": 1, "alpha": 0.025, "low": 0.1, "high": 0.3, "grounding_low": 0.0, "recovered_low": -0.02,
        "reference_low": -0.01, "audit_high": 0.98, "promoted": True, "decision": "It was promoted.",
    }  # fmt: skip
    return {
        "models/student_embedder": [_student(folder.with_name("student"))],
        "models/student_sample": [],
        "models/distiller_sft": [{**common, "dropped_rows": 0, "loss": 2.5}],
        "models/distiller_grpo": [{**common, **grpo}],
        "models/champion": [champion],
        "models/in_service": [serving],
    }  # fmt: skip


def reports(folder: Path) -> Rows:
    """Three arms with three seeds each, and a release of one file under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "train.parquet"
    path.write_bytes(b"rows")
    return {
        "reports/evaluation": [
            {"arm": arm, "seed": seed, "metric": "loss", "value": 1.0, "items": 9}
            for arm in ("released", "random", "high_only")
            for seed in (1, 2, 3)
        ],
        "reports/evaluation_items": [],
        "reports/evaluation_comparisons": [
            {"control": control, "metric": "nll", "difference": -0.1, "seeds": 3, "seeds_planned": 3, "sentence": "It is better."}
            for control in ("random", "none")
        ],
        "releases/current": [
            {"release": ident("rel", 1), "path": str(path), "sha256": hashlib.sha256(b"rows").hexdigest(), "size": 4, "rows": 3}
        ],
        "upkeep/removals": [{"path": f"silver/groups/run-{number}/part.parquet", "why": "left_behind", "bytes": 9} for number in range(2)],
    }  # fmt: skip


def everything(folder: Path) -> Rows:
    """Every table; files are written under `folder`."""
    return {**bronze(), **silver(), **gold(), **models(folder / "checkpoint"), **reports(folder / "release")}
