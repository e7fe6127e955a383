"""No rule of records takes long for a long answer, whatever it is of; a quadratic one would take minutes for these."""

from collections.abc import Callable

import pytest

from inference.baseline.units import units
from inference.mixture_params import MixtureParams
from inference.pairing import Draft, Text
from inference.record_code import broken, has_bare_code, is_code, language
from inference.record_rules import no_target
from inference.record_targets import presented
from inference.targets import Targets
from inference.text_engines import EngineParams, open_engine

LONG = 100_000  # characters
HOSTILE = (
    "/*", "/* ", '\\"', '"\\', "'", "'a", "`", "```py\n", "```\n", "```\n```\n", "= ;", "= ", "{ ", "; ", "a(", "a.", "a, ", "[", "[1:", "{a:1", "a\n\n", "\n", " ",
    "*", "#", "//", "Do ", "A ", "A.", "1:", "int ", "in C ", "user ", "a=", "<a", "SELECT ", "]\n", "<T ",
)  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_no_rule_takes_long_for_what_is_long(part: str) -> None:
    for text in (part * (LONG // len(part)), f'a = "{part * (LONG // 3 // len(part))}x\n' * 3):
        ran: list[Callable[[], object]] = [
            lambda text=text: is_code(text), lambda text=text: has_bare_code(text), lambda text=text: language(text), lambda text=text: units(text),
            lambda text=text: [broken(text, name) for name in ("", "c", "java", "rust")], lambda text=text: presented(text, "It is hot."),
            lambda text=text: presented(f"Write it.\n\n{text}", "a = 1\n" * 9), lambda text=text: presented(f"What is it?\n\n{text}", text),
            lambda text=text: no_target(text, "It is hot and dry.\n" * 9, 24),
        ]  # fmt: skip
        assert all(run() is not None for run in ran)


def test_what_is_too_long_for_its_variants_is_refused_before_any_rule_reads_it() -> None:
    texts = [
        Text(f"{n}", "s", "", part * (LONG // len(part)), question="What is it?", score=5.0)
        for n, part in enumerate(HOSTILE)
    ]
    with open_engine(EngineParams(kind="rules")) as engine:
        targets = Targets(engine, MixtureParams(max_variants=20), None)
        made, failed = targets.of([Draft((text,), "", text.text) for text in texts])
    assert not made and {one.reason for one in failed} == {"too_long"}
