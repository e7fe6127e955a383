"""Partial questions and answers about documented functions, and the facts a complete answer would state.

Each row tells one aspect of one function (what it is for, its arguments, what it returns, what it raises), in a casual
question and a short answer: low in quality, true in content. The wording comes from templates, so it varies less than
people's does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

from demo.docstrings import Docstring, Entry, parse
from demo.markup import closed, sentences
from demo.packages import Definition, in_pool, rank

SHORT = 35  # words in an answer
LONGEST_FACT = 60  # words; a longer sentence is no short statement
MOST_FACTS = 12  # a function with more does not fit into one answer
ARGUMENT_ROWS = 4  # single-argument rows of one function at most

TEMPLATES = {
    "purpose": (
        "what does {name} do?", "What is {name} for", "hey, why would I use {name}?", "{name} - whats the point of it",
        "In one line, what's {name}?", "can someone explain {name} quickly", "What happens when I call {name}?",
        "purpose of {name}?", "I saw {name} in some code. What is it for?", "Tell me what {name} does pls",
        "short description of {name}", "quick question: {name}, what does that do",
    ),
    "argument": (
        "what is {argument} in {name}?", "{name}: what goes into {argument}",
        "What does the {argument} argument of {name} mean?",
        "which value should {argument} have when calling {name}", "explain {argument} for {name} pls",
        "I don't get the {argument} parameter of {name}.", "hi, {name} has an argument {argument}, what's that",
        "Meaning of {argument} in {name}?", "do I need {argument} when I call {name}, and what is it?",
        "{argument} ({name}) - what is it for", "What do I pass as {argument} to {name}",
        "{name} wants {argument}. what is that?",
    ),
    "arguments": (
        "what arguments does {name} take?", "Parameters of {name}?", "what do I pass to {name}",
        "list the inputs of {name} please", "{name}: which arguments are there", "how do I call {name}, what goes in?",
        "What are the arguments of {name} again?", "need the args of {name}", "which parameters has {name}",
        "hey what can I give to {name}", "inputs for {name}?", "What should I hand over to {name}?",
    ),
    "returns": (
        "what does {name} return?", "What do I get back from {name}", "return value of {name}?",
        "{name} gives me what exactly",
        "what comes out of {name}?", "Result of calling {name}?", "hi, what's the output of {name}",
        "I call {name} and then? what is returned", "does {name} return something",
        "Which object does {name} give back?",
        "what should I expect as the result of {name}", "{name} output?",
    ),
    "errors": (
        "what errors can {name} raise?", "when does {name} fail", "Which exceptions come from {name}?",
        "{name} throws what?",
        "what can go wrong with {name}", "do I have to catch anything around {name}?", "Exceptions of {name} pls",
        "why would {name} raise an error", "{name}: errors to expect?", "hey, when do I get an exception from {name}",
        "which error does {name} give on bad input", "In which cases does {name} blow up?",
    ),
}  # fmt: skip
NAMES = ("{full}", "{short} from {module}", "{short} ({module})", "{module}'s {short}")
ANSWERS = {
    "argument": ("{name}: {text}", "{name} - {text}", "The {name} argument: {text}", "For {name}: {text}"),
    "returns": ("{text}", "Returns: {text}", "You get this: {text}", "The result: {text}"),
}


class Question(TypedDict):
    """One partial question and answer, in Alpaca's shape."""

    id: str
    instruction: str
    input: str
    output: str


class Reference(TypedDict):
    """What is true of one function: short statements, and all its docstring says."""

    id: str
    facts: list[str]
    text: str


@dataclass(frozen=True)
class Function:
    """A documented function and the partial answers it yields, by aspect."""

    definition: Definition
    docstring: Docstring
    answers: dict[str, str]


def documented_functions(definitions: Iterable[Definition], seed: int, rows: int) -> list[Function]:
    """Functions of the pool that yield three partial answers or more, until they yield `rows`; sorted by name.

    The seed chooses which; of functions with the same docstring only one is taken.
    """
    pool = [found for found in definitions if found.is_function and in_pool(found.package, found.module, seed)]
    chosen: list[Function] = []
    seen: set[str] = set()
    for definition in sorted(pool, key=lambda found: rank(seed, "function", found.name)):
        docstring = parse(definition.docstring, definition.argument_names)
        answers = dict(_answers(docstring, definition.name, seed))
        text = "\n".join(docstring.paragraphs)
        if len(answers) < 3 or len(_facts(docstring)) > MOST_FACTS or text in seen:
            continue
        if len(answers) > rows:
            break
        rows -= len(answers)
        seen.add(text)
        chosen.append(Function(definition, docstring, answers))
    return sorted(chosen, key=lambda function: function.definition.name)


def partial_questions(functions: Iterable[Function], seed: int) -> list[Question]:
    """One row an aspect of each function, sorted by id."""
    rows = [
        Question(
            id=f"{function.definition.name}#{aspect}",
            instruction=_question(function, aspect, seed),
            input="",
            output=answer,
        )
        for function in functions
        for aspect, answer in function.answers.items()
    ]
    return sorted(rows, key=lambda row: row["id"])


def references(functions: Iterable[Function]) -> list[Reference]:
    """The facts and the full text of each function; every fact stands in the text word for word."""
    return [
        Reference(
            id=function.definition.name, facts=_facts(function.docstring), text="\n".join(function.docstring.paragraphs)
        )
        for function in functions
    ]


def _answers(doc: Docstring, name: str, seed: int) -> Iterator[tuple[str, str]]:
    """The aspects that fit into a few whole sentences, each with its answer."""
    if 4 <= len(doc.purpose.split()) <= SHORT:
        yield "purpose", doc.purpose
    yield from _argument_answers(doc.arguments, name, seed)
    returned = _brief(doc.returns, SHORT)
    if returned and returned != doc.purpose:
        forms = ANSWERS["returns"] if doc.returned(returned) != returned else ("{text}",)
        yield "returns", _pick(forms, seed, name, "returns").format(text=returned)
    errors = _fitting([_fact(entry) for entry in doc.errors])
    if errors:
        yield "errors", errors


def _argument_answers(arguments: Sequence[Entry], name: str, seed: int) -> Iterator[tuple[str, str]]:
    """All arguments in one answer where they fit, else some of them in an answer each."""
    brief = [entry for entry in arguments if _brief(entry.text, SHORT - 4)]
    together = " ".join(_fact(entry) for entry in brief)
    if 2 <= len(brief) == len(arguments) and len(together.split()) <= SHORT:
        yield "arguments", together
        return
    for entry in sorted(brief, key=lambda entry: rank(seed, name, entry.name))[:ARGUMENT_ROWS]:
        form = "{text}" if entry.in_prose else _pick(ANSWERS["argument"], seed, name, entry.name)
        yield (f"argument-{entry.name.split(',')[0]}", form.format(name=entry.name, text=_brief(entry.text, SHORT - 4)))


def _brief(text: str, words: int) -> str:
    """The first sentence, or nothing where it is longer than so many words."""
    first = closed(sentences(text)[0]) if text else ""
    return first if len(first.split()) <= words else ""


def _fact(entry: Entry) -> str:
    first = _brief(entry.text, LONGEST_FACT)
    return Entry(entry.name, first, entry.in_prose).statement if first else ""


def _fitting(statements: Sequence[str]) -> str:
    """The statements, in order, that together keep an answer short."""
    kept: list[str] = []
    for statement in statements:
        if statement and len(" ".join([*kept, statement]).split()) <= SHORT:
            kept.append(statement)
    return " ".join(kept)


def _facts(doc: Docstring) -> list[str]:
    returned = _brief(doc.returns, LONGEST_FACT)
    facts = [
        _brief(doc.purpose, LONGEST_FACT),
        *(_fact(entry) for entry in doc.arguments),
        doc.returned(returned) if returned else "",
        *(_fact(entry) for entry in doc.errors),
    ]
    return list(dict.fromkeys(fact for fact in facts if fact))


def _question(function: Function, aspect: str, seed: int) -> str:
    definition = function.definition
    short = definition.name.removeprefix(definition.module + ".")
    naming = _pick(NAMES, seed, definition.name, aspect, "name")
    name = naming.format(full=definition.name, short=short, module=definition.module)
    kind, _, argument = aspect.partition("-")
    return _pick(TEMPLATES[kind], seed, definition.name, aspect).format(name=name, argument=argument)


def _pick(choices: Sequence[str], seed: int, *words: str) -> str:
    return choices[rank(seed, *words) % len(choices)]
