"""One fine-tuned toy checkpoint for all tests of this folder: importing TRL costs more than training it."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def fine_tuned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The row of models/distiller_sft and the metrics of the run that made it."""
    import toy

    from trainers.sft import SftParams, distiller

    context = toy.context(tmp_path_factory.mktemp("sft") / "artifacts")
    inputs = {"gold/mixture": toy.dataset("gold/mixture", toy.mixture_rows())}
    [(key, table)] = distiller(inputs, SftParams(recipe=toy.SFT), context)  # type: ignore[arg-type]
    assert key == "models/distiller_sft"
    return {"row": table.to_pylist()[0], "metrics": context.metrics}
