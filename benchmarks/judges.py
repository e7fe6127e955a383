"""How well judges agree with labels that others gave: `python -m benchmarks.judges FOLDER [--records 80] [--without-losses | --without-difficulty]`.

FOLDER holds real raw files; where it does not, this says so and ends. For each judge the Spearman correlation of its score with the
label and the AUC (how often a record with a better label has the higher score, ties a half), as means over the sets of
benchmarks/judged_sets.py, with the 95 % interval of 1,000 bootstrap samples of records within their sets; then each set's AUC, and the
deciles of both figures: cut points for the params. Figures only: no text of any record.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

from lake.harness.environment import prepare

prepare(offline=True)

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.stats import rankdata  # noqa: E402

from benchmarks.judged_sets import Labelled, sets  # noqa: E402
from inference.judge_params import JudgeParams  # noqa: E402
from inference.losses import AnswerLosses  # noqa: E402
from inference.predictor import fit  # noqa: E402
from lake.models.named import model_folder  # noqa: E402
from lake.settings import settings  # noqa: E402
from texts.embed.embedder import open_embedder  # noqa: E402
from texts.features import features  # noqa: E402
from texts.rubric import scores  # noqa: E402
from texts.words import words  # noqa: E402

Values = NDArray[np.float64]
RESAMPLES = 1_000
RUBRIC = "rules (the rubric of the record)"
STEP = 32  # records between two words of progress


def figures(records: list[Labelled], model: AnswerLosses, difficulty: bool) -> tuple[Values, Values | None]:
    """Perplexity and, if it is asked for, instruction-following difficulty of each record, shape (records,)."""
    after, alone = [], []
    for start in range(0, len(records), STEP):
        prompts, answers, _ = zip(*records[start : start + STEP], strict=True)
        after.append(model.losses(prompts, answers))
        if difficulty:
            alone.append(model.losses_alone(answers))
        print(f"{start + len(prompts)} of {len(records)}", file=sys.stderr, flush=True)
    with_prompt = np.concatenate(after)
    return np.exp(with_prompt), with_prompt / np.concatenate(alone) if difficulty else None


def counted(records: list[Labelled]) -> dict[str, Values]:
    """The score of each judge that loads no language model; higher is better."""
    whole = [f"{record.prompt}\n{record.answer}" for record in records]
    answers = [record.answer for record in records]
    return {
        "random": np.random.default_rng(7).random(len(records)),
        "words of the answer": np.array([float(len(words(answer))) for answer in answers]),
        RUBRIC: np.array(scores(whole)),
        "the rubric of the answer alone": np.array(scores(answers)),
        "fitted to four fifths of these labels": fitted(records),
    }


def fitted(records: list[Labelled]) -> Values:
    """What the predictor of inference.sampling says of each record, fitted on the labels of records with other prompts, in five parts."""
    encode = open_embedder("static", settings().cache).encode
    prompts, answers, labels = zip(*records, strict=True)
    rows = np.hstack([features(prompts, answers), encode(prompts), encode(answers)]).astype(np.float64)
    part = np.array([crc32(prompt.encode()) % 5 for prompt in prompts])
    found = np.zeros(len(records))
    for held in range(5):
        chosen = part != held
        found[~chosen] = fit(rows[chosen], np.array(labels)[chosen], {}).predict(rows[~chosen])[0]
    return found


def by_losses(perplexity: Values, difficulty: Values | None, rubric: Values) -> dict[str, Values]:
    """The score of each judge by losses, and of perplexity with the rubric; higher is better."""
    found = {
        "perplexity, low is better": -perplexity,
        "mean rank of perplexity and the rubric of the record": rankdata(-perplexity) + rankdata(rubric),
    }
    if difficulty is not None:
        found["difficulty as published, high is better"] = difficulty
        found["difficulty turned round, low is better"] = -difficulty
    return found


def auc(labels: Values, found: Values) -> float:
    """How often a record whose label is above the mean has the higher score; ties count half.

    >>> auc(np.array([0.0, 0, 1, 1]), np.array([1.0, 3, 2, 4]))
    0.75
    """
    good = labels > labels.mean()
    ranks = rankdata(found)[good].sum()
    return float((ranks - good.sum() * (good.sum() + 1) / 2) / (good.sum() * (~good).sum()))


def spearman(labels: Values, found: Values) -> float:
    """The correlation of the ranks."""
    return float(np.corrcoef(rankdata(labels), rankdata(found))[0, 1])


def agreement(
    labels: Values, found: Values, set_of: NDArray[np.int64], rng: np.random.Generator
) -> Mapping[str, list[float]]:
    """Mean Spearman and mean AUC over the sets, each with its interval, and the AUC of each set."""
    places = [np.flatnonzero(set_of == number) for number in range(set_of.max() + 1)]

    def means(chosen: list[NDArray[np.int64]]) -> tuple[float, float]:
        pairs = [(spearman(labels[at], found[at]), auc(labels[at], found[at])) for at in chosen]
        return tuple(np.mean(pairs, axis=0))

    drawn = np.array([means([rng.choice(at, len(at)) for at in places]) for _ in range(RESAMPLES)])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    values = means(places)
    told = {name: [float(values[at]), float(low[at]), float(high[at])] for at, name in enumerate(("spearman", "auc"))}
    return told | {"sets": [auc(labels[at], found[at]) for at in places]}


def table(names: list[str], found: Mapping[str, Mapping[str, list[float]]]) -> str:
    """The agreement of every judge, as a Markdown table."""
    lines = ["| judge | AUC | Spearman | " + " | ".join(names) + " |", "|---" * (3 + len(names)) + "|"]
    for judge, told in found.items():
        means = ["{:.3f} ({:.3f} to {:.3f})".format(*told[name]) for name in ("auc", "spearman")]
        lines.append(f"| {judge} | {' | '.join(means)} | {' | '.join(f'{value:.2f}' for value in told['sets'])} |")
    return "\n".join(lines)


def deciles(perplexity: Values, difficulty: Values | None) -> dict[str, list[float]]:
    """Nine cut points of each figure."""
    both = {"perplexity": perplexity, "difficulty": difficulty}
    return {
        name: np.percentile(values, range(10, 100, 10)).round(3).tolist()
        for name, values in both.items()
        if values is not None
    }


def main() -> None:
    """Parses the arguments, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of real raw files")
    parser.add_argument("--records", type=int, default=80, help="of each set")
    parser.add_argument("--without-losses", action="store_true", help="leave out what a language model computes")
    parser.add_argument("--without-difficulty", action="store_true", help="perplexity alone, in half the time")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    given = parser.parse_args()
    try:
        by_set = sets(given.folder, given.records)
    except OSError as missing:
        print(f"Nothing is measured: the labelled records are not there ({missing})")
        return
    records = [record for part in by_set.values() for record in part]
    set_of = np.repeat(np.arange(len(by_set)), [len(part) for part in by_set.values()])
    labels = np.array([record.label for record in records])
    judges = counted(records)
    told: dict[str, object] = {"records": len(records), "sets": list(by_set), "cores": os.cpu_count()}
    if not given.without_losses:
        tokens = JudgeParams().tokens
        begun = time.monotonic()
        asked = not given.without_difficulty
        perplexity, difficulty = figures(records, AnswerLosses(model_folder("embedded"), tokens), asked)
        judges |= by_losses(perplexity, difficulty, judges[RUBRIC])
        told |= {"tokens": tokens, "seconds": time.monotonic() - begun, "deciles": deciles(perplexity, difficulty)}
    rng = np.random.default_rng(7)
    told["judges"] = found = {judge: agreement(labels, values, set_of, rng) for judge, values in judges.items()}
    if given.out:
        given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"{table(list(by_set), found)}\n\n{ {name: value for name, value in told.items() if name != 'judges'} }")


if __name__ == "__main__":
    main()
