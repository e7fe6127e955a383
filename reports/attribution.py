"""Whose words are in a release beside those of its sources: the pretrained model that its distiller was trained from.

Followed from commit to commit, at the versions that each stage read, so that a distiller that was trained later is not taken for the one
that wrote.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from lake.models import embedded
from lake.storage.publication import Publication
from lake.storage.store import Lake


@dataclass(frozen=True)
class Author:
    """A pretrained model. makers, licence: None where they are not known here."""

    name: str
    makers: str | None = None
    licence: str | None = None


def author(lake: Lake) -> Author | None:
    """The model that the distilled examples of gold/training_set descend from; None where there are none, or rules wrote them."""
    training_set = lake.publication("gold/training_set")
    if training_set is None or not _distilled_examples(lake, training_set[0]):
        return None
    _, distilled = _read_by(lake, training_set[1], "gold/distilled")
    serving, _ = _read_by(lake, distilled, "models/in_service")
    if serving["uri"] is None:
        return None
    # the one that serves need not be the newest: it may have been pinned, or have outlasted its challengers
    tuned = _trained(lake, serving["model"])
    if tuned is None:
        return Author(serving["uri"])
    start, _ = _read_by(lake, tuned, "models/distiller_sft")
    return _author(start["base"])


def _trained(lake: Lake, digest: str) -> Publication | None:
    """The commit that published the checkpoint of this digest; None for a model that this lake did not train."""
    for version, published in lake.publications("models/distiller_grpo"):
        if lake.dataset("models/distiller_grpo", version).head(1).to_pylist()[0]["digest"] == digest:
            return published
    return None


def _distilled_examples(lake: Lake, version: int) -> int:
    return lake.dataset("gold/training_set", version).count_rows(filter=ds.field("origin") == "distilled")


def _read_by(lake: Lake, reader: Publication, key: str) -> tuple[dict[str, Any], Publication]:
    """The first row of `key` as `reader` read it, and the commit that published it."""
    version = reader.inputs[key]
    (row,) = lake.dataset(key, version).head(1).to_pylist()
    return row, next(published for at, published in lake.publications(key) if at == version)


def _author(base: str) -> Author:
    if base == embedded.NAME:
        return Author(embedded.NAME, embedded.MAKERS, embedded.LICENCE)
    return Author(
        Path(base).name if Path(base).is_absolute() else base
    )  # a path of this machine says nothing elsewhere


def licence_text(writer: Author) -> str | None:
    """The text of the licence where it came with the model, to be released beside its words."""
    return embedded.licence_text() if writer.name == embedded.NAME else None
