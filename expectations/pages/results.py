"""Great Expectations' results of one run of one stage, as its own JSON, beside the audit page.

from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema
[ExpectationSuiteValidationResultSchema().load(batch) for batch in json.loads(path.read_text())]
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult

from expectations.pages.page import page_path


def write(stage: str, run_id: str, outcomes: Sequence[ExpectationSuiteValidationResult], folder: Path) -> Path:
    """The path of the file: a list with the result of each batch, its run, stage and moment in its `meta`."""
    target = page_path(stage, run_id, folder).with_suffix(".results.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    content = [outcome.to_json_dict() for outcome in outcomes]
    target.write_text(json.dumps(content, ensure_ascii=False, default=_plain), encoding="utf-8")
    return target


def _plain(value: object) -> object:
    """Numbers of numpy, which its results hold here and there."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")
