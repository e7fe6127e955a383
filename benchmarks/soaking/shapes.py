"""Raw files in several shapes, and where in them each record lies: as a plain reader of the format would count.

>>> SHAPES["jsonl"].places([exchange("Why?", "So."), exchange("How?", "Thus.")])
[('', 1), ('', 2)]
>>> SHAPES["zip"].places([exchange("Why?", "So."), exchange("How?", "Thus.")])
[('!/in/first.jsonl', 1), ('!/second.csv', 1)]
"""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.soaking.records import Record, faulty

Records = Sequence[Record]
Place = tuple[str, int]  # what follows the file's address, and the number of the record there


@dataclass(frozen=True)
class Shape:
    """How records are written as a file, whether they may be conversations, and the lines that are none, which it can hold.

    held_for: why a file of such records is held, whatever it gave before; None where it is not.
    """

    suffix: str
    write: Callable[[Records], bytes]
    chats: bool = False
    faults: tuple[Record, ...] = ()
    archive: bool = False
    held_for: Callable[[Records], str | None] = lambda records: None

    def places(self, records: Records) -> list[Place]:
        """Where each record lies."""
        if not self.archive:
            return [("", number) for number in range(1, len(records) + 1)]
        first, second = _halves(records)
        return [
            *(("!/in/first.jsonl", number) for number in range(1, len(first) + 1)),
            *(("!/second.csv", number) for number in range(1, len(second) + 1)),
        ]


def _named(record: Record, asks: str, answers: str) -> dict[str, str]:
    (_, asked), (_, said) = record.turns
    return {asks: asked, answers: said}


def _line(record: Record) -> str:
    return record.line or json.dumps(_named(record, "instruction", "output"), ensure_ascii=False)


def _jsonl(records: Records) -> bytes:
    return "".join(f"{_line(record)}\n" for record in records).encode()


def _array(records: Records) -> bytes:
    return json.dumps([_named(record, "prompt", "completion") for record in records], indent=1).encode()


def _wrapper(records: Records) -> bytes:
    items = [_named(record, "question", "answer") for record in records]
    return json.dumps({"version": "2", "data": items}, ensure_ascii=False).encode()


def _csv(records: Records) -> bytes:
    text = io.StringIO()
    text.write("question,answer\n")
    for record in records:
        if record.line:
            text.write(f"{record.line}\n")
        else:
            csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(said for _, said in record.turns)
    return text.getvalue().encode()


def _chats(records: Records) -> bytes:
    talks = [{"messages": [{"role": role, "content": said} for role, said in record.turns]} for record in records]
    return "".join(json.dumps(talk) + "\n" for talk in talks).encode()


def _parquet(records: Records) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([_named(record, "prompt", "completion") for record in records]), file)
    return file.getvalue()


def _gzip(records: Records) -> bytes:
    return gzip.compress(_jsonl(records), mtime=0)


def _zip(records: Records) -> bytes:
    file = io.BytesIO()
    first, second = _halves(records)
    with zipfile.ZipFile(file, "w") as archive:
        # with a fixed date: the same records are the same bytes
        archive.writestr(zipfile.ZipInfo("in/first.jsonl"), _jsonl(first))
        archive.writestr(zipfile.ZipInfo("second.csv"), _csv(second))
    return file.getvalue()


def _two_answers(records: Records) -> bytes:
    lines = (_named(record, "question", "response") | {"answer": "Ask the next guild about it."} for record in records)
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _doubtful(records: Records) -> str | None:
    """Two answers are a doubt where both are of several words, and hold a file where half of its records have it."""
    doubts = sum(len(record.turns[-1][1].split()) >= 3 for record in records)
    return "two_readings" if 2 * doubts >= len(records) else None


def _blank(records: Records) -> bytes:
    return _jsonl(records) + b" " * 2**21 + b"\n"


def _sparse(records: Records) -> str | None:
    """Records that are less than a fiftieth of a large file hold it."""
    return "few_rows_for_its_bytes" if 50 * len(_jsonl(records)) < len(_blank(records)) else None


def _halves(records: Records) -> tuple[Records, Records]:
    middle = (len(records) + 1) // 2
    return records[:middle], records[middle:]


_BAD_LINES = (
    faulty('{"instruction": "How is tar', "malformed_json"),
    faulty('{"colour": "red"}', "unknown_shape"),
    faulty("[1, 2]", "unknown_shape"),
)
SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "jsonl": Shape(".jsonl", _jsonl, faults=_BAD_LINES),
        "array": Shape(".json", _array),
        "wrapper": Shape(".json", _wrapper),
        "csv": Shape(".csv", _csv, faults=(faulty("a lone field", "malformed_csv"),)),
        "chats": Shape(".jsonl", _chats, chats=True),
        "parquet": Shape(".parquet", _parquet),
        "gzip": Shape(".jsonl.gz", _gzip, faults=_BAD_LINES),
        "zip": Shape(".zip", _zip, archive=True),
        "two_answers": Shape(".jsonl", _two_answers, held_for=_doubtful),
        "blank": Shape(".jsonl", _blank, held_for=_sparse),
    }
)
SUSPECT = ("two_answers", "blank")  # shapes of which a file is held as soon as it comes
