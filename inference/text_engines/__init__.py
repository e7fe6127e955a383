"""What generates text: chat requests in, one completion per request out. (lake.engines is something else: Spark and Arrow.)

An engine never raises because of a request that it knows it cannot answer: that one comes back with `error` set. It may raise when it
is broken (the process died, the model does not fit); `inference.asking` then finds out which request did it.
Opening an engine imports what it needs and nothing else; this module imports no model library.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol, cast, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lake.errors import StageFailed
from texts.rubric import Rating

Task = Literal["rate", "build", "degrade", "distil"]
Kind = Literal["rules", "vllm", "openai_api", "scripted"]
Message = dict[str, str]

POISON = "engine_error"  # the code of an error of a request that makes the engine raise even alone
UNAVAILABLE = "unavailable"  # an error that begins so is not the request's fault: a later run asks again


@dataclass(frozen=True)
class Request:
    """One chat request. Models read `messages`; the rules engine reads `task` and `payload` and answers in the same form.

    frequency_penalty: what a token's logit loses each time the answer holds the token already; the prompt does not count.
    stop: the answer ends with the first of these, and holds it. structure: what the answer is held to, {"json": a schema} or
    {"regex": a pattern for the whole of it}; empty: nothing.
    """

    id: str
    task: Task
    messages: Sequence[Message]
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    max_tokens: int = 256
    temperature: float = 0.0
    seed: int = 7
    prompt_version: str = ""
    frequency_penalty: float = 0.0
    stop: tuple[str, ...] = ()
    structure: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Completion:
    """The answer to the request with the same id: exactly one of `text` and `error` is set.

    error: a code, a colon and a sentence. finish_reason: why the answer ended, as the engine says it (`stop`, `length`, ...).
    """

    id: str
    text: str | None = None
    error: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finish_reason: str | None = None

    @property
    def code(self) -> str:
        """The code of the error, "" where there is none."""
        return (self.error or "").partition(":")[0]

    @property
    def truncated(self) -> bool:
        """Whether the text was cut off at the most tokens it may have."""
        return self.finish_reason == "length"


class EngineGone(StageFailed):
    """The engine cannot answer anything any more, whatever it is asked: the run ends, and the next one resumes."""


class EngineFailed(Exception):
    """The engine broke off while it worked on requests, and works again when it is asked again.

    accident: it died, hung or ran out of memory, so that the same request may well be answered another time.
    """

    def __init__(self, reason: str, accident: bool) -> None:
        super().__init__(reason)
        self.accident = accident


class Generator(Protocol):
    """A text generator.

    model: digest of what answers; equal digests and equal requests give equal texts.
    cached: whether answers are worth keeping in cache/generations.
    """

    @property
    def model(self) -> str: ...

    @property
    def cached(self) -> bool: ...

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One completion for each request as it is finished, in any order; ids must differ, requests are read as there is room."""
        ...

    def close(self) -> None:
        """Give back what the engine holds (memory, processes, connections)."""
        ...


@runtime_checkable
class Rater(Protocol):
    """A Generator that rates texts by itself, with the same numbers as in its answers: nothing is worded, nothing parsed.

    It is copied into other processes, so it must be picklable.
    """

    def rate(self, texts: Sequence[str]) -> Sequence[Rating]:
        """One rating for each text, in the same order."""
        ...


class EngineParams(BaseModel):
    """Which engine answers, and how it is opened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(default="rules", description="rules (no weights), vllm, openai_api, or scripted (tests)")
    model: str = Field(
        default="", description="vllm: embedded, a folder or a hub name; openai_api: the name the server knows it by"
    )
    adapter: str = Field(default="", description="vllm: folder of a LoRA adapter for the model; empty: none")
    max_model_len: int | None = Field(
        default=None,
        ge=16,
        description="prompt and answer together, in tokens; null: what the checkpoint's config says",
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="vllm: engines side by side; on GPUs each has one of its own"
    )
    kv_cache_gib: int = Field(default=1, ge=1, le=512, description="vllm on a CPU: memory of the key-value cache")
    gpu_memory_utilization: float = Field(default=0.9, gt=0.0, le=1.0, description="vllm on a GPU: share of its memory")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        default="auto",
        description="vllm: weights' type; auto: the checkpoint's on a GPU, on a CPU bfloat16 where it multiplies that, else float32",
    )
    base_url: str = Field(default="", description="openai_api: address up to and including /v1")
    api_key_env: str = Field(
        default="", description="openai_api: name of the environment variable that holds the key; empty: no key"
    )
    concurrency: int = Field(default=8, ge=1, le=256, description="openai_api: requests in flight")
    batch: bool = Field(
        default=False, description="openai_api: by the server's batch endpoint, within a day, at vendors for less money"
    )
    retries: int = Field(default=5, ge=0, le=20, description="openai_api: repeats after 429, 5xx or a lost connection")
    structured: bool = Field(
        default=True, description="openai_api: ask for JSON by response_format; false where the server does not know it"
    )
    timeout_seconds: float = Field(
        default=600.0, gt=0.0, description="openai_api: longest wait for one answer; vllm: for the next token of any"
    )
    start_seconds: float = Field(default=1_800.0, gt=0.0, description="vllm: longest wait for the model to load")
    prompt_price: float = Field(default=0.0, ge=0.0, description="money for a million tokens of prompts")
    completion_price: float = Field(default=0.0, ge=0.0, description="money for a million tokens of answers")
    most_tokens: int | None = Field(default=None, ge=1, description="of prompts and answers: a run ends cleanly there")
    most_money: float | None = Field(default=None, gt=0.0, description="at these prices: a run ends cleanly there")
    most_hours: float | None = Field(default=None, gt=0.0, description="since it began: a run ends cleanly there")
    answers: tuple[str, ...] = Field(default=(), description="scripted: canned answers, taken by the request's hash")

    @model_validator(mode="after")
    def _money_has_a_price(self) -> EngineParams:
        if self.most_money is not None and not (self.prompt_price or self.completion_price):
            raise ValueError("most_money is never reached without a price: give prompt_price or completion_price")
        return self


# named, not imported: opening one engine must not load the libraries of the others
_OPENERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "rules": ("inference.text_engines.rules", "RulesEngine"),
        "vllm": ("inference.text_engines.vllm", "vllm_engine"),
        "openai_api": ("inference.text_engines.openai_api", "openai_engine"),
        "scripted": ("inference.text_engines.scripted", "ScriptedEngine"),
    }
)


def open_engine(params: EngineParams) -> AbstractContextManager[Generator]:
    """An open engine of `params.kind`, closed when the block ends; UserError where the parameters cannot work."""
    module, name = _OPENERS[params.kind]
    engine = cast("Callable[[EngineParams], Generator]", getattr(importlib.import_module(module), name))(params)
    if not engine.cached:  # what is not worth keeping costs nothing worth counting
        return closing(engine)
    from inference.text_engines.metered import MeteredEngine

    return closing(MeteredEngine(engine, params))
