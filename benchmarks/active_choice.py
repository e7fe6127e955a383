"""Whether it helps to ask a judge about what is most uncertain: `python -m benchmarks.active_choice LAKE [--draws 20]`.

LAKE is a lake in which a judge rated a sample (`sample` of silver/ratings). Of its ratings a quarter is held out at random; a predictor is
fitted on a quarter, and then on a further quarter that is drawn at random, or has the widest margins of all that is left. What each explains
of the held-out ratings is compared draw by draw. Figures only: no text of any record.
"""

import argparse
from pathlib import Path

from lake.harness.environment import prepare

prepare(offline=True)

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.dataset as ds  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from inference.predictor import fit  # noqa: E402
from lake.settings import settings  # noqa: E402
from lake.storage.store import Lake  # noqa: E402
from texts.embed.embedder import open_embedder  # noqa: E402
from texts.features import features  # noqa: E402

Values = NDArray[np.float64]
WAYS = ("first quarter", "and one at random", "and the most uncertain")


def judged(lake: Lake) -> tuple[Values, Values]:
    """The predictor's columns and the rating of each record that the judge rated, shapes (records, columns) and (records,)."""
    ratings = lake.dataset("silver/ratings").to_table(["id", "overall"], filter=ds.field("state") == "rated")
    wanted = ds.field("id").isin(pa.array(ratings["id"].to_pylist()))
    records = lake.dataset("silver/unique_instructions").to_table(["id", "prompt", "answer"], filter=wanted)
    table = ratings.join(records, "id").sort_by("id")
    prompts, answers = ([text or "" for text in table[name].to_pylist()] for name in ("prompt", "answer"))
    encode = open_embedder("static", settings().cache).encode
    rows = np.hstack([features(prompts, answers), encode(prompts), encode(answers)]).astype(np.float64)
    return rows, table["overall"].to_numpy().astype(float)


def explained(rows: Values, ratings: Values, rng: np.random.Generator) -> list[float]:
    """What a predictor explains of the held-out quarter, fitted in each of WAYS."""
    order = rng.permutation(len(ratings))
    held, first, left = np.split(order, [len(order) // 4, len(order) // 2])
    start = fit(rows[first], ratings[first], {})
    margins = start.predict(rows[left])[1]
    more = len(first)
    chosen = (first[:0], left[:more], left[np.argsort(-margins)[:more]])
    fitted = [np.concatenate([first, further]) for further in chosen]
    return [fit(rows[one], ratings[one], {}).fidelity(rows[held], ratings[held]).explained for one in fitted]


def main() -> None:
    """Parses the arguments, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lake", type=Path)
    parser.add_argument("--draws", type=int, default=20)
    given = parser.parse_args()
    rows, ratings = judged(Lake(str(given.lake)))
    found = np.array([explained(rows, ratings, np.random.default_rng(seed)) for seed in range(given.draws)])
    print(f"{len(ratings)} ratings, {len(ratings) // 4} of them a quarter, {given.draws} draws: explained variance")
    for way, values in zip(WAYS, found.T, strict=True):
        print(f"  {way}: {values.mean():.3f} (least {values.min():.3f}, most {values.max():.3f})")
    difference = found[:, 2] - found[:, 1]
    error = difference.std(ddof=1) / np.sqrt(given.draws)
    print(f"  the most uncertain less at random: {difference.mean():+.3f}, standard error {error:.3f}")


if __name__ == "__main__":
    main()
