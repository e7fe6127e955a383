"""Linear layers over few rows, as when tokens are decoded, multiplied the way round that is fast on a CPU."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_MOST = 64  # rows; beyond, both ways take as long


class FewRows(TorchFunctionMode):
    """While it is open, linear layers over 2 to 64 rows in single precision on a CPU compute (W Xᵀ)ᵀ in place of X Wᵀ.

    Both are the same but for rounding. Nearly all of the work is to read W, and for X Wᵀ the library of products behind torch takes up to
    three times as long for it (docs/measured.md). Of one row it is fast by itself.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """What `func` returns."""
        given = dict(kwargs or {})
        if func is functional.linear and not given and _few(args[0]):
            return _turned(*args)
        return func(*args, **given)


def _few(x: torch.Tensor) -> bool:
    rows = x.numel() // max(x.shape[-1], 1)
    single = x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return x.device.type == "cpu" and single and 1 < rows <= _MOST


def _turned(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x of shape (..., in), weight (out, in), bias (out): shape (..., out).

    >>> _turned(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 1.0], [0.0, 1.0], [2.0, 0.0]]))
    tensor([[3., 2., 2.],
            [7., 4., 6.]])
    """
    product = (weight @ x.reshape(-1, x.shape[-1]).T).T.reshape(*x.shape[:-1], -1)
    return product if bias is None else product + bias
