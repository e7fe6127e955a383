"""Whole answers about documented code of the pool: the good originals among the demo's many partial ones."""

from __future__ import annotations

from collections.abc import Iterable

from demo.docstrings import Docstring, parse
from demo.markup import closed
from demo.packages import Definition, in_pool, rank
from demo.questions import Function, Question

SHORTEST, LONGEST = 90, 260  # words
TEMPLATES = (
    "How does {name} work, and what should I know before I use it?",
    "Explain {name} in full: what it is for, how to use it, and what to watch out for.",
    "I am about to use {name}. Give me a complete explanation of its behaviour.",
    "Describe {name} thoroughly, with all that its documentation says of it.",
)


def guides(definitions: Iterable[Definition], functions: Iterable[Function], seed: int, rows: int) -> list[Question]:
    """At most `rows` questions with the whole docstring as the answer, chosen by the seed, sorted by id.

    None is about a function that has partial questions: a complete answer must not stand beside them.
    """
    questioned = {function.definition.name for function in functions}
    texts = {"\n".join(function.docstring.paragraphs) for function in functions}
    whole: list[Question] = []
    for definition in sorted(definitions, key=lambda one: rank(seed, "guide", one.name)):
        if len(whole) >= rows:
            break
        if definition.name in questioned or not in_pool(definition.package, definition.module, seed):
            continue
        if len(definition.docstring.split()) < SHORTEST:  # parsing is dear, and adds no word
            continue
        docstring = parse(definition.docstring)
        text = "\n".join(closed(paragraph) for paragraph in docstring.paragraphs)
        if not tells_all(definition, docstring) or text in texts or not SHORTEST <= len(text.split()) <= LONGEST:
            continue
        texts.add(text)
        question = TEMPLATES[rank(seed, "wording", definition.name) % len(TEMPLATES)]
        whole.append(
            Question(id=definition.name, instruction=question.format(name=definition.name), input="", output=text)
        )
    return sorted(whole, key=lambda row: row["id"])


def tells_all(definition: Definition, docstring: Docstring) -> bool:
    """Whether a docstring says what its subject is for, and describes each of its arguments."""
    described = {name.strip() for entry in docstring.arguments for name in entry.name.split(",")}
    return bool(docstring.body) and described.issuperset(definition.argument_names)
