"""The texts of licences, to be released beside what is under them; as SPDX's list of licences has them, templates of names left open."""

import re
from pathlib import Path

import pyarrow.dataset as ds

_TEXTS = Path(__file__).parent / "licence_texts"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def texts_of(licence: str) -> list[str]:
    """The ids in an SPDX expression whose texts are known here.

    >>> texts_of("MIT OR LicenseRef-ours")
    ['MIT']
    """
    return [name for name in _ID.findall(licence) if (_TEXTS / f"{name}.txt").is_file()]


def released_texts(examples: ds.Dataset) -> dict[str, str]:
    """The text of each licence that an example is under, by id, where it is known."""
    stated = set[str]()
    for batch in examples.to_batches(columns=["licences"]):
        stated.update(licence for licences in batch["licences"].to_pylist() for licence in licences if licence)
    known = sorted({name for licence in stated for name in texts_of(licence)})
    return {name: (_TEXTS / f"{name}.txt").read_text(encoding="utf-8") for name in known}
