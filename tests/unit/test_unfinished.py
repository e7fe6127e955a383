"""What a killed run left is found by the same inputs, params and code alone, and one stage keeps no more than one."""

from pathlib import Path

from lake.harness.unfinished import forget_unfinished, unfinished_folder
from lake.storage.publication import Fingerprint

WANTED = Fingerprint(inputs={"gold/mixture": 3}, params_hash="p", code_hash="c")
OTHERS = [
    WANTED.model_copy(update=change)
    for change in ({"inputs": {"gold/mixture": 4}}, {"params_hash": "q"}, {"code_hash": "d"})
]


def test_another_training_finds_nothing_and_removes_what_it_cannot_use(tmp_path: Path) -> None:
    for other in OTHERS:
        folder = unfinished_folder(str(tmp_path), "models/distiller_sft", WANTED)
        folder.mkdir(parents=True)
        assert unfinished_folder(str(tmp_path), "models/distiller_sft", WANTED) == folder and folder.is_dir()
        assert not unfinished_folder(str(tmp_path), "models/distiller_sft", other).exists()
        assert not folder.exists()


def test_stages_keep_their_own_until_they_end(tmp_path: Path) -> None:
    folders = [unfinished_folder(str(tmp_path), f"models/distiller_{one}", WANTED) for one in ("sft", "grpo")]
    for folder in folders:
        folder.mkdir(parents=True)
    forget_unfinished(str(tmp_path), "models/distiller_sft")
    assert [folder.is_dir() for folder in folders] == [False, True]
