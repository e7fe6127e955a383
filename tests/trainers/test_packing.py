"""Rows that are packed into one teach what each teaches by itself: none sees another, and none is lost or cut."""

from pathlib import Path
from typing import Any

import pytest
import toy

from lake.harness.environment import prepare
from trainers.sft import SftParams, distiller

prepare(offline=True)


def trainer(toy_sft: dict[str, Any], folder: Path, packing: bool) -> Any:
    from trainers import checkpoint
    from trainers.dataset import conversations
    from trainers.sft import _trainer  # pyright: ignore[reportPrivateUsage]

    rows, _ = conversations(toy.dataset("gold/mixture", toy.mixture_rows()), "sft", lambda _: True)
    params = SftParams(recipe=toy_sft | {"packing": packing, "max_length": 2048})  # type: ignore[arg-type]
    return _trainer(*checkpoint.load(toy_sft["base"]), rows, params, toy.context(folder))


@pytest.fixture(scope="module")
def apart(toy_sft: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    return trainer(toy_sft, tmp_path_factory.mktemp("apart") / "a", packing=False)


@pytest.fixture(scope="module")
def packed(toy_sft: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    return trainer(toy_sft, tmp_path_factory.mktemp("packed") / "a", packing=True)


def logits(one: Any, batch: dict[str, Any]) -> Any:
    import torch

    with torch.no_grad():
        return one.model.eval()(**{name: part for name, part in batch.items() if name != "labels"}).logits


def test_every_row_is_there_once_and_whole(apart: Any, packed: Any) -> None:
    from trainers.dataset import unpacked

    assert len(packed.given) < len(apart.given) == 20
    wanted, found = (
        sorted((one["input_ids"], one["labels"]) for row in each.given for one in unpacked(row))
        for each in (apart, packed)
    )
    assert found == wanted


def test_the_loss_of_packed_rows_is_that_of_the_rows(apart: Any, packed: Any) -> None:
    import torch

    losses = []
    for one in (apart, packed):
        batch = one.data_collator([*one.given])
        scores, labels = logits(one, batch)[:, :-1], batch["labels"][:, 1:]
        losses.append(torch.nn.functional.cross_entropy(scores.flatten(0, 1), labels.flatten()))
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-5, atol=0)


def test_what_stands_before_a_packed_row_changes_nothing_in_it(packed: Any) -> None:
    import torch

    batch = packed.data_collator([*packed.given])
    first = packed.given[0]["seq_lengths"][0]
    other = batch | {"input_ids": batch["input_ids"].clone()}
    other["input_ids"][0, :first] = 5
    before, after = logits(packed, batch), logits(packed, other)
    assert not torch.allclose(before[0, :first], after[0, :first])
    torch.testing.assert_close(before[0, first:], after[0, first:], rtol=0, atol=1e-5)


def test_a_recipe_may_pack(toy_sft: dict[str, Any], tmp_path: Path) -> None:
    inputs = {"gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows())}
    context = toy.context(tmp_path / "a")
    [(_, table)] = distiller(inputs, SftParams(recipe=toy_sft | {"packing": True, "max_length": 2048}), context)  # type: ignore[arg-type]
    row = table.to_pylist()[0]
    losses = [point["value"] for point in row["curve"] if point["name"] == "loss"]
    assert row["train_rows"] == 20 and context.metrics["eos_in_mask"] == 1.0 and losses[-1] < losses[0]


def test_what_several_processes_lack_is_filled_up_with_rows_that_teach_nothing(
    toy_sft: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformers.TrainingArguments.world_size", property(lambda _: 2))
    one = trainer(toy_sft | {"per_device_train_batch_size": 3}, tmp_path / "a", packing=True)
    rows, given = one.train_dataset, len(one.given)
    assert len(rows) % 6 == 0 and len(rows) > given
    assert {label for row in rows.select(range(given, len(rows))) for label in row["labels"]} == {-100}
    batch = one.data_collator([*rows])
    assert batch["input_ids"].shape == batch["labels"].shape
