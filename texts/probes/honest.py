"""What a probe is made of: an honest answer, its members, and another item."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from texts.formats import FORMATS
from texts.words import sentences, words


@dataclass(frozen=True)
class Honest:
    """An honest answer, the members it was made of, another item's text, which is about something else, and the target, if any."""

    item_type: str
    text: str
    members: tuple[str, ...]
    other: str
    target: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the item; the last one says most."""
        return FORMATS[self.item_type].parse(self.text) or {}

    @property
    def body(self) -> str:
        """The last field."""
        return [*self.fields.values()][-1]

    def with_body(self, body: str) -> str:
        """The item with another last field."""
        fields = self.fields
        return FORMATS[self.item_type].render(fields | {[*fields][-1]: body})

    def replaced(self, match: re.Match[str], text: str) -> str:
        """The item with another text in place of what matched in its body."""
        return self.with_body(self.body[: match.start()] + text + self.body[match.end() :])


Probe = Callable[[Honest, random.Random], str | None]  # the whole item, or None where it cannot be made


def body_of(member: str) -> str:
    """What a member says, without the question it answers and without markers."""
    lines = [line for line in member.split("\n") if not line.startswith("Q:")]
    return " ".join(re.sub(r"^(?:[ACS]|Answer|Explanation|[A-D]\)):?\s", "", line) for line in lines if line.strip())


def said_in(text: str) -> list[str]:
    """The statements of another item."""
    return [one for one in sentences(body_of(text)) if not one.endswith("?") and len(words(one)) > 3]


def foreign_to(honest: Honest) -> list[str]:
    """The statements of the other item that this one and its members do not make: two groups may have a text in common."""
    own = "\n".join((honest.text, *honest.members))
    return [one for one in said_in(honest.other) if one not in own]


def others_of(texts: Sequence[str]) -> list[str]:
    """For each text the next one: another item."""
    return [*texts[1:], *texts[:1]]
