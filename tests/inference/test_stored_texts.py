"""What is stored is what is read again."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from inference.pairing import Text
from inference.stored_texts import StoredTexts

ONE = Text("psg_1", "s", "A “title”", 'Lines\nand "quotes", 中文.', None, part=3)
OTHER = Text("rec_1", "t", "", "An answer.", "MIT", "A question?", 4.000000000000001)


def test_texts_come_back_as_they_were(tmp_path: Path) -> None:
    with closing(StoredTexts(tmp_path / "texts", [ONE, OTHER, replace(ONE, text="")])) as stored:
        assert list(stored) == [ONE, OTHER, replace(ONE, text="")]
        assert (stored[1], len(stored), stored[0:2]) == (OTHER, 3, [ONE, OTHER])
        with pytest.raises(IndexError):
            stored[3]


def test_nothing_is_stored_of_nothing(tmp_path: Path) -> None:
    with closing(StoredTexts(tmp_path / "texts", [])) as stored:
        assert not stored and list(stored) == []
