"""Linear layers over few rows: the products are those of torch's own way, and nothing else is touched."""

import doctest
from importlib import import_module

import pytest
import torch

from trainers.few_rows import FewRows


@pytest.mark.parametrize("shape", [(1, 1, 24), (2, 1, 24), (16, 24), (3, 21, 24), (65, 24), (0, 24)])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_layer_returns_what_it_always_does(shape: tuple[int, ...], biased: bool, dtype: torch.dtype) -> None:
    torch.manual_seed(7)
    layer, x = torch.nn.Linear(24, 40, bias=biased, dtype=dtype), torch.randn(shape, dtype=dtype)
    with torch.no_grad():
        expected = layer(x)
        with FewRows():
            found = layer(x)
    assert found.shape == expected.shape and found.dtype == expected.dtype
    torch.testing.assert_close(found, expected)


def test_few_rows_and_no_others_are_multiplied_the_other_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    turned = import_module("trainers.few_rows")._turned
    monkeypatch.setattr("trainers.few_rows._turned", lambda x, *others: seen.append(len(x)) or turned(x, *others))
    layer = torch.nn.Linear(8, 8)
    with FewRows():
        for rows in (1, 2, 64, 65):
            layer(torch.ones(rows, 8))
        with torch.autocast("cpu", torch.bfloat16):
            layer(torch.ones(2, 8))
    layer(torch.ones(2, 8))
    assert seen == [2, 64]


def test_the_worked_example_is_true() -> None:
    found = doctest.testmod(import_module("trainers.few_rows"))
    assert found.attempted > 0 and found.failed == 0
