"""Splits: one big file of lines as the work of several tasks, with the same rows as if one task had read it.

The file is read once beforehand, for its hash and for what a split cannot know by itself: the number of its first line, and how
often its lines occurred before it, from which the ids of copies are made. That takes 8 bytes of memory a line. JSON Lines alone are
split: other containers are the work of one task, as are compressed files and tables of messages that have to be joined.

With lines of 4 bytes and splits of 8, the file "aaa\nbbb\naaa\naaa\n" becomes two splits:

    start  end  line  copies
    0      8    1     {}
    8      16   3     {hash of aaa: 0}    the first aaa of this split is copy 1, the next one copy 2
"""

import hashlib
import io
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from spark_jobs.ingest.containers import READ_ERRORS, Document, beginning, json_lines
from spark_jobs.ingest.containers.encoding import SAMPLE, encoding_of, with_line_feeds
from spark_jobs.ingest.containers.raw_record import RECORD_LIMIT, RawRecord, Unavailable, UnreadableFile
from spark_jobs.ingest.containers.sniff import container_of, suffixes
from spark_jobs.ingest.containers.streams import COMPRESSIONS, open_stream

_PARENTS = (b'"parent_id"', b'"parentId"')
Split = dict[str, Any]
Hashes = NDArray[np.uint64]


def splittable(file: Mapping[str, Any], size: int) -> bool:
    """Whether the file is worth a pass for splits of that many bytes, by its name and size alone."""
    return suffixes(file["uri"]) in ((".jsonl", ""), (".ndjson", "")) and (file["size"] or 0) > 2 * size


def split_file(file: Mapping[str, Any], size: int) -> list[Split]:
    """The file once for each split of about `size` bytes; once as it is if it cannot be split, or not be read (its reader says why).

    A split adds `start` and `end` in bytes, `line`, the number of its first line, `split_sha256`, and `copies`: for lines that
    occurred before it, by the first 60 bits of their hash, the number of the last copy.
    """
    try:
        with open_stream(file["uri"]) as stream:
            found = _scan(file["sha256"], stream, size) if _is_plain_json_lines(file["uri"], stream) else []
    except READ_ERRORS:
        found = []
    return [{**file, **split} for split in found] or [dict(file)]


def split_document(split: Mapping[str, Any]) -> Document:
    """The lines of one split. Raises Unavailable if they are not those that were there when the file was split."""
    with open_stream(split["uri"]) as stream:
        stream.seek(split["start"])
        block = stream.read(split["end"] - split["start"])
    # the file's own hash cannot be checked by a reader of one part
    if hashlib.sha256(block).hexdigest() != split["split_sha256"]:
        raise Unavailable("changed", "it has changed while it was read")
    records = json_lines.read(io.BytesIO(block), split["line"])
    return Document("", True, records, None if split["start"] == 0 else lambda: _first_records(split["uri"]))


def _first_records(uri: str) -> Iterator[RawRecord]:
    with open_stream(uri) as stream:
        yield from beginning(json_lines.read(stream))


def _is_plain_json_lines(uri: str, stream: BinaryIO) -> bool:
    head = stream.read(SAMPLE)
    stream.seek(0)
    compressed = head.startswith(tuple(COMPRESSIONS))
    readable = not compressed and encoding_of(head) == "utf-8" and with_line_feeds(head, head) == head
    return readable and container_of(uri, head) == "jsonl"


def _scan(sha256: str, stream: BinaryIO, size: int) -> list[Split]:
    """What each split adds to the file; nothing if the file is not the registered one, or holds messages that have to be joined."""
    splits: list[Split] = []
    hashes: list[Hashes] = []
    whole = hashlib.sha256()
    start, line = 0, 1
    for block in _blocks(stream, size):
        # the messages of a thread can lie in different splits, where nobody could join them
        if any(name in block for name in _PARENTS):
            return []
        whole.update(block)
        end = start + len(block)
        splits.append({"start": start, "end": end, "line": line, "split_sha256": hashlib.sha256(block).hexdigest()})
        hashes.append(_hashes(block, line == 1))
        start, line = end, line + block.count(b"\n")
    if whole.hexdigest() != sha256:
        return []
    return [{**split, "copies": copies} for split, copies in zip(splits, _copies_before(hashes), strict=True)]


def _blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Runs of whole lines of about `size` bytes."""
    while block := stream.read(size):
        rest = b"" if block.endswith(b"\n") else stream.readline(RECORD_LIMIT)
        if len(rest) == RECORD_LIMIT:
            raise UnreadableFile("a line is too long for its file to be split")
        yield block + rest


def _hashes(block: bytes, first: bool) -> Hashes:
    """The first 60 bits of the SHA-256 of every line that makes a row, as uint64 (lines,)."""
    lines = (block.removeprefix(BOM_UTF8) if first else block).split(b"\n")
    digests = [hashlib.sha256(line.rstrip(b"\r")).digest()[:8] for line in lines if line.strip()]
    # as many bits as raw_rows counts copies by
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64) >> np.uint64(4)


def _copies_before(hashes: list[Hashes]) -> Iterator[dict[int, int]]:
    """For each split: the lines that occurred in splits before it, with the number that the last copy had there."""
    # only lines that occur twice in the file are worth a place in a dictionary: most files have few
    values, counts = np.unique(np.concatenate(hashes), return_counts=True) if hashes else (np.empty(0), np.empty(0))
    repeated = values[counts > 1]
    seen: dict[int, int] = {}
    for split in hashes:
        own, times = np.unique(split[np.isin(split, repeated)], return_counts=True)
        yield {int(line): seen[int(line)] - 1 for line in own if int(line) in seen}
        for line, count in zip(own, times, strict=True):
            seen[int(line)] = seen.get(int(line), 0) + int(count)
