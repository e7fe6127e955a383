"""A linear layer over few rows, by torch's own way and the other way round: `python -m benchmarks.few_rows --out benchmarks/results/few_rows.json`.

The layers are those of the model in the box, in single precision, with as many copies of each as no cache holds: when a token is decoded each layer's weights
are read once. Median milliseconds of both ways in turn, and how many times as fast trainers/few_rows.py is.
"""

import argparse
import json
import time
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.nn import functional

from trainers.few_rows import FewRows

_SHAPES = {
    "query and output": (576, 576),
    "gate and up": (1536, 576),
    "down": (576, 1536),
    "vocabulary": (49152, 576),
}  # (out, in)
_ROWS = (1, 2, 4, 8, 16, 32, 64)
_BYTES = 400_000_000  # of weights: many times what a cache holds
_ROUNDS = 30


def _seconds(x: torch.Tensor, weight: torch.Tensor) -> float:
    begun = time.perf_counter()
    functional.linear(x, weight)
    return time.perf_counter() - begun


def compared(shape: tuple[int, int], rows: int) -> dict[str, Any]:
    """Milliseconds of both ways for so many rows."""
    weights = cycle([torch.randn(shape) for _ in range(max(2, _BYTES // (4 * shape[0] * shape[1])))])
    x = torch.randn(rows, shape[1])
    taken: dict[str, list[float]] = {"torch": [], "few_rows": []}
    for _ in range(_ROUNDS):
        taken["torch"].append(_seconds(x, next(weights)))
        with FewRows():
            taken["few_rows"].append(_seconds(x, next(weights)))
    plain, few = (1_000 * median(seconds[3:]) for seconds in taken.values())
    return {
        "rows": rows,
        "torch_ms": round(plain, 3),
        "few_rows_ms": round(few, 3),
        "times_as_fast": round(plain / few, 2),
    }


def main() -> None:
    """Measures, prints and keeps the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    torch.manual_seed(7)
    with torch.inference_mode():
        layers = {name: [compared(shape, rows) for rows in _ROWS] for name, shape in _SHAPES.items()}
    told = json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "layers": layers}, indent=1)
    print(told)
    if given.out:
        given.out.write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
