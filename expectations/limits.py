"""What suites read of the params of their stages: the limits a user sets, so that the gate and the job cannot disagree."""

from __future__ import annotations

from typing import Any, Protocol


class TextLimits(Protocol):
    """The limits of silver/passages, and of silver/instructions among others."""

    @property
    def min_characters(self) -> int: ...
    @property
    def max_characters(self) -> int: ...


class RecordLimits(TextLimits, Protocol):
    """The limits of silver/instructions; whether a record without a question is refused is up to the stage."""

    @property
    def empty_prompt(self) -> bool: ...


class DedupeLimits(Protocol):
    """The limits of silver/unique_instructions; `expected_loss` gives sources a `share` of their own."""

    @property
    def threshold(self) -> float: ...
    @property
    def max_loss(self) -> float: ...
    @property
    def expected_loss(self) -> dict[str, Any]: ...
    @property
    def max_star(self) -> int: ...


class EmbedLimits(Protocol):
    """The limits of silver/embeddings."""

    @property
    def least_fidelity(self) -> float: ...


class QualityLimits(Protocol):
    """The limits of silver/quality."""

    @property
    def high_score(self) -> float: ...


class GroupLimits(Protocol):
    """The limits of silver/groups."""

    @property
    def similarity_floor(self) -> float: ...
    @property
    def least_size(self) -> int: ...
    @property
    def most_size(self) -> int: ...


class MixtureLimits(Protocol):
    """The limits of gold/mixture."""

    @property
    def target_score(self) -> float: ...
    @property
    def min_variants(self) -> int: ...
    @property
    def max_variants(self) -> int: ...


class DistilledLimits(Protocol):
    """What an item must reach: `support`, `coverage`, `copied` and `rating` of `limits`."""

    @property
    def limits(self) -> Any: ...


class SelectLimits(Protocol):
    """The limits of gold/training_set."""

    @property
    def budget(self) -> int: ...
    @property
    def quality_floor(self) -> float: ...
    @property
    def validation_share(self) -> float: ...
