"""What cleaning changed in a record, for the report: which kinds of change, and the place before and after.

>>> before = pa.array(["<p>Tea  \\nis hot.</p>", "Tea\\t", "Tea"])
>>> after = pa.array(["Tea\\nis hot.", "Tea", "Tea"])
>>> found = changes(before, pa.array(["Tea  \\nis hot.", "Tea\\t", "Tea"]), after, after, np.array([0, 1, 2]), 3)
>>> found.kinds.to_pylist(), found.after.to_pylist()
([['markup'], ['white_space'], []], ['Tea\\nis hot.', None, None])
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.tables.reasons import CHANGES
from lake.tables.schema import TEXTS
from spark_jobs.recognisers.matching import matches

_AROUND, _SHOWN = 60, 300  # characters before the first difference, and of the whole place
_UNSEEN = r"(?:[\s\x00-\x1f\x7f-\x{a0}\x{ad}\x{61c}\x{200b}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2069}\x{feff}]|\x1b\[[0-9;?]*[A-Za-z])+"


class Changes(NamedTuple):
    """One entry a record: the kinds of change (empty where nothing was), and the first place of the gravest, or null."""

    kinds: pa.ListArray
    before: pa.StringArray
    after: pa.StringArray


def changes(
    before: pa.StringArray,
    stripped: pa.StringArray,
    after: pa.StringArray,
    shown: pa.StringArray,
    records: NDArray[np.int64],
    count: int,
) -> Changes:
    """What was changed in each of `count` records, told from its turns before cleaning, without markup, after it, and with personal data masked.

    records: int64, the record of each turn. No place is shown of a turn in which something was masked.
    """
    hidden = np.asarray(pc.not_equal(after, shown))
    turns = np.flatnonzero(np.asarray(pc.not_equal(before, after)) | hidden)
    old, plain, new = (one.take(pa.array(turns)) for one in (before, stripped, after))
    kinds: dict[int, set[str]] = {}
    places: dict[int, tuple[str, str]] = {}
    for turn, (record, found) in enumerate(zip(records[turns].tolist(), _reasons(old, plain, new), strict=True)):
        masked = bool(hidden[turns[turn]])
        kinds.setdefault(record, set()).update(found | ({"personal_data"} if masked else set()))
        if "white_space" not in found and not masked and record not in places:
            places[record] = _place(old[turn].as_py(), new[turn].as_py())
    return Changes(_listed(kinds, count), *(_filled(places, side, count) for side in (0, 1)))


def _reasons(before: pa.StringArray, stripped: pa.StringArray, after: pa.StringArray) -> list[set[str]]:
    """The kinds of change of each turn; none of one that is as it was."""
    as_it_was = np.asarray(pc.equal(before, after)).tolist()
    markup = np.asarray(pc.not_equal(before, stripped))
    # an encoding is broken, or a form composed, outside of ASCII only
    beyond = matches(stripped, r"[^\x00-\x7f]")
    seen = [pc.replace_substring_regex(one.filter(beyond), _UNSEEN, "") for one in (stripped, after)]
    encoding = np.asarray(pc.replace_with_mask(beyond, beyond, pc.not_equal(*seen)))
    return [
        set[str]()
        if same
        else {kind for kind, holds in (("markup", tags), ("encoding", signs)) if holds} or {"white_space"}
        for same, tags, signs in zip(as_it_was, markup.tolist(), encoding.tolist(), strict=True)
    ]


def _listed(kinds: dict[int, set[str]], count: int) -> pa.ListArray:
    """The kinds of each record, in the order of CHANGES."""
    lengths = np.zeros(count + 1, np.int32)
    lengths[[record + 1 for record in kinds]] = [len(found) for found in kinds.values()]
    values = [kind for _, found in sorted(kinds.items()) for kind in CHANGES if kind in found]
    return pa.ListArray.from_arrays(pa.array(np.cumsum(lengths, dtype=np.int32)), pa.array(values, pa.string())).cast(
        TEXTS
    )


def _filled(places: dict[int, tuple[str, str]], side: int, count: int) -> pa.StringArray:
    """One side of the place of each record, null where it has none."""
    at = np.full(count, -1)
    at[list(places)] = np.arange(len(places))
    return pa.array([place[side] for place in places.values()], pa.string()).take(pa.array(at, mask=at < 0))


def _place(before: str, after: str) -> tuple[str, str]:
    """Some characters of both from a little before the first that differs."""
    same, step = 0, min(len(before), len(after))
    while step:  # the length of the common beginning, by halves
        if before[same : same + step] == after[same : same + step]:
            same += step
        else:
            step //= 2
        step = min(step, len(before) - same, len(after) - same)
    start = max(0, same - _AROUND)
    return before[start : start + _SHOWN], after[start : start + _SHOWN]
