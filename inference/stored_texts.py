"""Texts in a file, each read again when it is asked for: what is chosen for MIXTURE is more than should be in memory."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import overload

from inference.pairing import Text


class StoredTexts(Sequence[Text]):
    """The texts, in the order in which they were given; in memory are eight bytes of each."""

    def __init__(self, path: Path, texts: Iterable[Text]) -> None:
        self._ends = array("q", [0])
        with path.open("wb") as file:
            for text in texts:
                file.write(json.dumps(astuple(text), ensure_ascii=False).encode())
                self._ends.append(file.tell())
        self._file = path.open("rb")

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> Text: ...
    @overload
    def __getitem__(self, place: slice) -> list[Text]: ...
    def __getitem__(self, place: int | slice) -> Text | list[Text]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        self._file.seek(self._ends[place])
        return Text(*json.loads(self._file.read(self._ends[place + 1] - self._ends[place])))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
