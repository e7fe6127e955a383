"""The real records that corpora are composed of, as sentences of words, by source."""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_TOKEN = r"\s*(?:[\u3040-\u30ff\u3400-\u9fff]{1,2}|[^\s\u3040-\u30ff\u3400-\u9fff]+)"


@dataclass(frozen=True)
class Origin:
    """Real files of one source: which fields ask and answer, the shape its rows get as raw files, and its share of all rows."""

    source: str
    files: tuple[str, ...]
    licence: str
    asks: tuple[str, ...]
    answers: str
    shape: str
    share: float
    language: str = "en"


_ALPACA = ("instruction", "input")
ORIGINS = (
    Origin("dolly", ("dolly.jsonl.zst",), "CC-BY-SA-3.0", ("instruction", "context"), "response", "dolly", 0.30),
    Origin("gsm8k", ("gsm8k_train_alpaca.json.gz",), "MIT", _ALPACA, "output", "messages", 0.10),
    Origin("codegen", ("gpteacher_codegen.json.gz",), "MIT", _ALPACA, "response", "messages", 0.10),
    Origin("roleplay", ("gpteacher_roleplay.json.gz",), "MIT", _ALPACA, "response", "sharegpt", 0.10),
    Origin("alpaca", ("noncommercial/alpaca_random_9k.json.gz", "noncommercial/alpaca_claude_t45.json.gz"), "CC-BY-NC-4.0",
           _ALPACA, "output", "alpaca", 0.28),
    Origin("alpaca_zh", ("noncommercial/alpaca_zh_part00.json.gz",), "CC-BY-NC-4.0", _ALPACA, "output", "csv", 0.12, "zh"),
)  # fmt: skip


@dataclass(frozen=True)
class Ragged:
    """Rows of tokens, one after the other: row i is tokens[bounds[i]:bounds[i + 1]]."""

    tokens: Ints
    bounds: Ints

    def take(self, rows: Ints) -> "Ragged":
        """These rows, in this order."""
        lengths = np.diff(self.bounds)[rows]
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self.bounds[rows] - bounds[:-1], lengths) + np.arange(bounds[-1])
        return Ragged(self.tokens[places], bounds)

    def joined(self, counts: Ints) -> "Ragged":
        """Rows of several of these rows each: the first counts[0] of them, the next counts[1], and so on."""
        return Ragged(self.tokens, self.bounds[np.concatenate([[0], np.cumsum(counts)])])


@dataclass(frozen=True)
class Side:
    """The questions or the answers of one source, as sentences of tokens; record i has the sentences records[i]:records[i + 1]."""

    sentences: Ragged
    records: Ints
    exchangeable: Ints  # its tokens without a digit, as often as they occur


@dataclass(frozen=True)
class Pool:
    """What rows of one source are composed of."""

    origin: Origin
    asked: Side
    answered: Side
    order: Ints  # in which its real records are used


@dataclass(frozen=True)
class Pools:
    """All sources over one vocabulary; a token is a word with the blanks before it, or one or two ideographs."""

    vocabulary: pa.StringArray
    numeric: Flags
    pools: tuple[Pool, ...]


def real_records(path: Path) -> list[dict[str, Any]]:
    """The records of a JSON array or of JSON Lines, compressed or not."""
    with pa.input_stream(str(path), compression={".zst": "zstd", ".gz": "gzip"}.get(path.suffix)) as stream:
        held = stream.read()
    return orjson.loads(held) if held.lstrip()[:1] == b"[" else [orjson.loads(line) for line in held.splitlines()]


@cache
def read_pools(data: Path) -> Pools:
    """The sources in `data`, cut into tokens and sentences; records without a question or an answer are left out."""
    cut = re.compile(_TOKEN).findall
    # a record's first sentence opens a line too, so that sentences stay apart when recombined
    words = [[cut("\n" + text) for text in side] for origin in ORIGINS for side in _texts(data, origin)]
    flat = pa.array(word for side in words for text in side for word in text).dictionary_encode()
    codes = np.split(flat.indices.to_numpy().astype(np.int64), np.cumsum([sum(map(len, side)) for side in words])[:-1])
    vocabulary = flat.dictionary
    ends = _flags(vocabulary, r"[.!?。！？][\"')\]]*$")
    opens = _flags(vocabulary, r"^\s*\n")
    numeric = _flags(vocabulary, r"\d")
    sides = [
        _side(mine, np.array([len(text) for text in side]), ends[mine], opens[mine], numeric[mine])
        for mine, side in zip(codes, words, strict=True)
    ]
    pools = [
        Pool(origin, asked, answered, np.random.default_rng(number).permutation(len(asked.records) - 1))
        for number, (origin, asked, answered) in enumerate(zip(ORIGINS, sides[::2], sides[1::2], strict=True))
    ]
    return Pools(vocabulary, numeric, tuple(pools))


def _texts(data: Path, origin: Origin) -> tuple[list[str], list[str]]:
    """The questions and the answers of the records that have both."""
    rows = [row for file in origin.files for row in real_records(data / "instruct" / file)]
    asked = ["\n".join(row[name] for name in origin.asks if row.get(name)).strip() for row in rows]
    pairs = [(one, str(row.get(origin.answers) or "").strip()) for one, row in zip(asked, rows, strict=True)]
    whole = [pair for pair in pairs if all(pair)]
    return [one for one, _ in whole], [other for _, other in whole]


def _flags(vocabulary: pa.StringArray, pattern: str) -> Flags:
    return pc.match_substring_regex(vocabulary, pattern).to_numpy(zero_copy_only=False)


def _side(tokens: Ints, lengths: Ints, ends: Flags, opens: Flags, numeric: Flags) -> Side:
    """A sentence begins on a new line, as every record does, and after a token that ends one."""
    records = np.concatenate([[0], np.cumsum(lengths)])
    begins = opens.copy()
    begins[1:] |= ends[:-1]
    starts = np.flatnonzero(begins)
    bounds = np.append(starts, len(tokens))
    return Side(Ragged(tokens, bounds), np.searchsorted(bounds, records), tokens[~numeric])
