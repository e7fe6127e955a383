"""The engine `rules`: rates by texts.rubric, builds, degrades and distils by inference.baseline, in the forms a model is asked for.

A baseline and the first champion, never to be presented as a language model. It reads a request's task and payload,
not its messages; temperature and token limits do not apply to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from inference.baseline.build import build
from inference.baseline.degrade import degrade
from inference.baseline.fuse import fuse
from inference.baseline.telling import Refused
from inference.text_engines import Completion, EngineParams, Request, Task
from lake.ids import content_id
from texts import rubric
from texts.formats.distillation import completion

# Part of the ids of all that the rules make, so that what another generation made is not taken for it. Raised when an answer changes,
# and only then: a renamed module must not give ten thousand items new ids. tests/inference/test_rules_generation.py holds the two
# together.
GENERATION = "2f840a3f66d52474"


class RulesEngine:
    """A Generator whose answers follow from the request alone."""

    cached = False  # answering again is cheaper than looking it up

    def __init__(self, params: EngineParams) -> None:
        self.params = params

    @property
    def model(self) -> str:
        """The name of this generation of the rules."""
        return content_id("rules", GENERATION)

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One completion for each request, in order; what the rules cannot do comes back as an error."""
        return map(_answer, requests)

    def rate(self, texts: Sequence[str]) -> list[rubric.Rating]:
        """One rating for each text, in order."""
        return rubric.ratings(texts)

    def close(self) -> None:
        """Nothing is held."""


def _answer(request: Request) -> Completion:
    try:
        text = _TASKS[request.task](request.payload)
    except Refused as why:
        return Completion(request.id, error=f"not_possible: {why}")
    except KeyError as missing:
        return Completion(request.id, error=f"bad_request: {request.task} needs {missing} in its payload")
    if text is None:
        return Completion(
            request.id,
            error=f"not_possible: the rules find no {request.task} answer for this {request.payload['item_type']}",
        )
    return Completion(request.id, text=text)


def _rated(payload: Mapping[str, Any]) -> str:
    [rating] = rubric.ratings([payload["text"]])
    return json.dumps(
        {
            "Rarity": rating.rarity,
            "Complexity": rating.complexity,
            "Informativeness": rating.informativeness,
            "Overall": rating.overall,
        }
    )


def _built(payload: Mapping[str, Any]) -> str | None:
    return _tagged(build(payload["item_type"], payload["title"], payload["text"], payload.get("passages", ())))


def _degraded(payload: Mapping[str, Any]) -> str | None:
    variant, variants, seed = (int(payload[name]) for name in ("variant", "variants", "seed"))
    return _tagged(degrade(payload["item_type"], payload["target"], variant, variants, seed))


def _distilled(payload: Mapping[str, Any]) -> str | None:
    return _tagged(fuse(payload["item_type"], payload["members"]))


def _tagged(item: str | None) -> str | None:
    return completion(item) if item else None


_TASKS: Mapping[Task, Callable[[Mapping[str, Any]], str | None]] = MappingProxyType(
    {"rate": _rated, "build": _built, "degrade": _degraded, "distil": _distilled}
)
