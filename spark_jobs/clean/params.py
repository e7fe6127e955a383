"""How records and passages are repaired, and which are rejected."""

from typing import Literal

from pydantic import Field

from lake.harness.job import Params


class TextParams(Params):
    """How texts of instructions and of passages are repaired, and in which languages they may be."""

    strip_markup: bool = Field(
        default=True, description="take formatting tags and entities out of texts that are not about markup"
    )
    languages: tuple[str, ...] = Field(default=(), description="ISO 639-1 codes to keep; empty keeps every language")
    default_language: str = Field(
        default="en", min_length=2, max_length=3, description="the language of texts too short to tell"
    )
    language_confidence: float = Field(
        default=0.5, ge=0, le=1, description="below this the text counts as too short to tell"
    )


class CleanParams(TextParams):
    """Which records are rejected. Every rule is off at its lowest value or at false."""

    empty_prompt: bool = Field(default=True, description="reject records in which nobody asks anything")
    empty_answer: bool = Field(default=True, description="reject records without an answer")
    boilerplate_refusal: bool = Field(default=True, description="reject short answers that only decline")
    refusal_words: int = Field(
        default=60,
        ge=1,
        description="only answers of at most so many words can be rejected for declining: a longer one goes on to answer",
    )
    truncated: bool = Field(default=True, description="reject answers that end inside a phrase, code or JSON")
    placeholder: bool = Field(default=True, description="reject texts in which a template's {{name}} was left")
    repetition: bool = Field(default=True, description="reject answers that say the same again and again")
    repetition_words: int = Field(default=40, ge=10, description="shorter answers are never repetitive")
    distinct_trigrams: float = Field(
        default=0.25, ge=0, le=1, description="share of an answer's word 3-grams that must be distinct"
    )
    min_characters: int = Field(default=2, ge=0, description="of prompt and answer together")
    max_characters: int = Field(default=40_000, ge=1, description="of prompt and answer together")
    personal: Literal["block", "mask", "keep"] = Field(
        default="block",
        description="records with personal data: never released; released with [email], [phone] and so on in its place; or not looked for",
    )


class PassageParams(TextParams):
    """Which passages are rejected."""

    min_characters: int = Field(default=80, ge=0, description="of the text")
    max_characters: int = Field(default=100_000, ge=1, description="of the text")
