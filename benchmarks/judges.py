"""How well judges agree with labels that others gave: `python -m benchmarks.judges FOLDER [--records 80] [--losses FILE | --without-losses]`.

FOLDER holds real raw files; where it does not, this says so and ends. For each judge the Spearman correlation of its score with the
label and the AUC (how often a record with a better label has the higher score, ties a half), as means over the sets of
benchmarks/judged_sets.py, with the 95 % interval of 1,000 bootstrap samples of records within their sets; then each set's AUC, and the
deciles of both figures: cut points for the params. Figures only: no text of any record.

A language model's losses take half an hour of a core, everything else a minute. `--losses` keeps them in a file, a line a record, as they are
computed, and takes from it what it holds: a run that was stopped goes on, and a judge without a model is measured again by itself.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import get_args
from zlib import crc32

from lake.harness.environment import prepare

prepare(offline=True)

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.stats import rankdata  # noqa: E402

from benchmarks.judged_sets import Labelled, sets  # noqa: E402
from inference.judge_params import JudgeParams  # noqa: E402
from inference.losses import AnswerLosses, Dtype  # noqa: E402
from inference.predictor import fit  # noqa: E402
from lake.ids import sha256_text  # noqa: E402
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


def losses(records: list[Labelled], kept: Path, dtype: Dtype) -> tuple[Values, Values, float]:
    """The mean loss of each answer with its prompt and without, each of shape (records,), and the processor seconds that all of them took.

    Those in the file `kept` are read, the others computed and added to it.
    """
    keys = [sha256_text(f"{record.prompt}\0{record.answer}") for record in records]
    known = {line["record"]: line for line in map(json.loads, kept.read_text().splitlines())} if kept.exists() else {}
    lacking = [at for at, key in enumerate(keys) if key not in known]
    with kept.open("a") as file:
        model = AnswerLosses(model_folder("embedded"), JudgeParams().tokens, dtype)
        for start in range(0, len(lacking), STEP):
            chosen, begun = lacking[start : start + STEP], time.process_time()
            prompts, answers, _ = zip(*(records[at] for at in chosen), strict=True)
            both = zip(model.losses(prompts, answers), model.losses_alone(answers), strict=True)
            seconds = (time.process_time() - begun) / len(chosen)
            for at, (after, alone) in zip(chosen, both, strict=True):
                line = {"record": keys[at], "after": float(after), "alone": float(alone), "seconds": seconds}
                known[keys[at]] = line
                file.write(json.dumps(line) + "\n")
            file.flush()
            print(f"{start + len(chosen)} of {len(lacking)}", file=sys.stderr, flush=True)
    after, alone, seconds = (np.array([known[key][name] for key in keys]) for name in ("after", "alone", "seconds"))
    return after, alone, float(seconds.sum())


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


def by_losses(perplexity: Values, difficulty: Values, rubric: Values) -> dict[str, Values]:
    """The score of each judge by losses, and of perplexity with the rubric; higher is better."""
    return {
        "perplexity, low is better": -perplexity,
        "mean rank of perplexity and the rubric of the record": rankdata(-perplexity) + rankdata(rubric),
        "difficulty as published, high is better": difficulty,
        "difficulty turned round, low is better": -difficulty,
    }


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


def deciles(figure: Values) -> list[float]:
    """Nine cut points of the figure."""
    return np.percentile(figure, range(10, 100, 10)).round(3).tolist()


def main() -> None:
    """Parses the arguments, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of real raw files")
    parser.add_argument("--records", type=int, default=80, help="of each set")
    parser.add_argument("--without-losses", action="store_true", help="leave out what a language model computes")
    parser.add_argument("--losses", type=Path, default=Path(os.devnull), help="where losses are kept, a line a record")
    parser.add_argument("--dtype", choices=get_args(Dtype), default="float32", help="that the model computes in")
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
        after, alone, seconds = losses(records, given.losses, given.dtype)
        perplexity, difficulty = np.exp(after), after / alone
        judges |= by_losses(perplexity, difficulty, judges[RUBRIC])
        told |= {"tokens": JudgeParams().tokens, "dtype": given.dtype, "processor_seconds": seconds}
        told["deciles"] = {"perplexity": deciles(perplexity), "difficulty": deciles(difficulty)}
    rng = np.random.default_rng(7)
    told["judges"] = found = {judge: agreement(labels, values, set_of, rng) for judge, values in judges.items()}
    if given.out:
        given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"{table(list(by_set), found)}\n\n{ {name: value for name, value in told.items() if name != 'judges'} }")


if __name__ == "__main__":
    main()
