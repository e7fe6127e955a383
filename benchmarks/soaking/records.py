"""What one record of a raw file says, and what must become of it.

>>> padded = exchange("Which tar?  ", "Pine tar.")
>>> padded.cleaned, padded.changed, padded.rejected
((('user', 'Which tar?'), ('assistant', 'Pine tar.')), True, None)
>>> exchange("Which tar?", " ").rejected
'empty_answer'
"""

import re
from dataclasses import dataclass

Turns = tuple[tuple[str, str], ...]  # role, text

_MAIL = re.compile(r"\w+@\w+\.example", re.IGNORECASE)
_TITLES = {"system": "System", "user": "User", "assistant": "Assistant"}


@dataclass(frozen=True)
class Record:
    """The turns of a record; or the line that is none (`line`), with the reason why it is quarantined (`fault`)."""

    turns: Turns = ()
    line: str = ""
    fault: str | None = None

    @property
    def cleaned(self) -> Turns:
        """The turns as cleaning must leave them: here it has nothing to mend but blanks around a text."""
        return tuple((role, text.strip()) for role, text in self.turns)

    @property
    def changed(self) -> bool:
        """Whether cleaning changes it."""
        return self.cleaned != self.turns

    @property
    def rejected(self) -> str | None:
        """The rule of cleaning that must reject it, or None."""
        if not any(role == "user" and text for role, text in self.cleaned[:-1]):
            return "empty_prompt"
        return None if self.answer else "empty_answer"

    @property
    def answer(self) -> str:
        """The last turn, cleaned."""
        return self.cleaned[-1][1]

    @property
    def is_chat(self) -> bool:
        """Whether more than one question was asked, or the assistant was told how to behave."""
        return len(self.turns) > 2

    @property
    def prompt(self) -> str:
        """All before the answer as one text: the question alone, or every turn under its speaker's name."""
        before = self.cleaned[:-1]
        return "\n\n".join(f"{_TITLES[role]}: {text}" for role, text in before) if self.is_chat else before[0][1]

    @property
    def personal(self) -> list[str]:
        """The kinds of personal data in it: only addresses of mail are ever planted."""
        return ["email"] if _MAIL.search(f"{self.prompt}\n{self.answer}") else []


def exchange(prompt: str, answer: str) -> Record:
    """A record of one question and one answer."""
    return Record((("user", prompt), ("assistant", answer)))


def faulty(line: str, reason: str) -> Record:
    """A line of a file that is no record."""
    return Record(line=line, fault=reason)
