"""The demo's second source: what is installed anyway, as passages, partial questions and objective truth.

Modules are split in two halves that share none: one gives titled passages (with Python's documentation topics), the
other the partial questions and the references that a distilled answer is measured against.
"""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from demo.docstrings import parse
from demo.guides import guides
from demo.markup import closed, paragraphs, plain, without_control
from demo.packages import STDLIB_LICENCE, Definition, Scan, in_pool, installed_packages, rank, scan, standard_library
from demo.prose import is_prose
from demo.questions import documented_functions, partial_questions, references

LOG = logging.getLogger(__name__)
TOPICS_MODULE = "pydoc_data.topics"
TOPIC_HEADING = re.compile(r"^(?P<title>\S.*)\n(?:\*{3,}|={3,}|-{3,})$", re.MULTILINE)
SHORTEST, LONGEST = 40, 350  # words in a docstring's passage
SHORTEST_TOPIC = 80
TARGET = 130  # words after which a passage takes no further paragraph


class Passage(TypedDict):
    """A titled piece of documentation."""

    title: str
    text: str
    module: str
    package: str
    licence: str


@dataclass(frozen=True)
class LandedFile:
    """A file that was written, with what its registration needs."""

    path: Path
    source: str
    licence: str
    kind: str


def scan_installed(seed: int = 7, files_per_package: int = 300) -> Scan:
    """What the installed packages document, and which of them were skipped and why."""
    packages, skipped = installed_packages()
    return scan(packages, seed, files_per_package, skipped)


def read_topics(path: Path | None = None) -> dict[str, str]:
    """Python's documentation topics by name, read as a literal from the standard library's file."""
    path = path or standard_library().folder / "pydoc_data" / "topics.py"
    assignments = [node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.Assign | ast.AnnAssign)]
    literal = next(node.value for node in assignments if isinstance(node.value, ast.Dict))
    return ast.literal_eval(literal)


def passages(
    definitions: Iterable[Definition],
    topics: Mapping[str, str],
    seed: int,
    limit: int,
    reference_texts: Iterable[str] = (),
) -> list[Passage]:
    """The openings of every topic and of the docstrings in prose that the seed chooses, `limit` in all, sorted by title.

    A docstring whose text is one of `reference_texts` gives no passage: copies of it may lie in both halves.
    """
    passages_so_far = [*{passage["text"]: passage for passage in _topic_passages(topics)}.values()]
    seen, left_out = {passage["text"] for passage in passages_so_far}, frozenset(reference_texts)
    mixture = [one for one in definitions if not in_pool(one.package, one.module, seed)]
    for definition in sorted(mixture, key=lambda one: rank(seed, "passage", one.name)):
        if len(passages_so_far) >= limit:
            break
        fresh = [passage for passage in _docstring_passages(definition, left_out) if passage["text"] not in seen]
        seen.update(passage["text"] for passage in fresh)
        passages_so_far.extend(fresh)
    return sorted(passages_so_far[:limit], key=lambda passage: (passage["title"], passage["text"]))


def land(
    folder: Path,
    seed: int = 7,
    passage_limit: int = 2000,
    question_limit: int = 3000,
    guide_limit: int = 320,
    files_per_package: int = 300,
) -> list[LandedFile]:
    """The files written under `folder`, one a kind and licence; a second call writes the same bytes."""
    scanned = scan_installed(seed, files_per_package)
    LOG.info("skipped packages: %s; files that do not parse: %d", scanned.skipped or "none", len(scanned.unparsed))
    licences = {definition.name: definition.licence for definition in scanned.definitions}
    functions = documented_functions(scanned.definitions, seed, question_limit)
    questions, facts = partial_questions(functions, seed), references(functions)
    whole = guides(scanned.definitions, functions, seed, guide_limit)
    reference_texts = (reference["text"] for reference in facts)
    documented = passages(scanned.definitions, read_topics(), seed, passage_limit, reference_texts)
    rows = [
        ("passages", "python_passages", [(one["licence"], one) for one in documented]),
        ("instructions", "python_questions", [(licences[one["id"].split("#")[0]], one) for one in questions]),
        ("instructions", "python_guides", [(licences[one["id"]], one) for one in whole]),
        ("reference", "python_references", [(licences[one["id"]], one) for one in facts]),
    ]
    return [landed for kind, source, licensed in rows for landed in _write_source(folder, kind, source, licensed)]


def _topic_passages(topics: Mapping[str, str]) -> Iterator[Passage]:
    for name in sorted(topics):
        for title, text in _headed(without_control(topics[name]), name):
            if opening := _opening(paragraphs(text), SHORTEST_TOPIC):
                named = f"{title} (Python)"
                yield Passage(title=named, text=opening, module=TOPICS_MODULE, package="python", licence=STDLIB_LICENCE)


def _headed(text: str, title: str) -> Iterator[tuple[str, str]]:
    """Each section's heading and text."""
    start = 0
    for heading in TOPIC_HEADING.finditer(text):
        yield title, text[start : heading.start()]
        title, start = plain(heading["title"]).replace('"', ""), heading.end()
    yield title, text[start:]


def _docstring_passages(definition: Definition, reference_texts: frozenset[str]) -> Iterator[Passage]:
    if not is_prose(definition.docstring):  # parsing is dear
        return
    texts = parse(definition.docstring).paragraphs
    opening = _opening(texts, SHORTEST)
    if opening and "\n".join(texts) not in reference_texts:
        yield Passage(
            title=definition.name,
            text=opening,
            module=definition.module,
            package=definition.package,
            licence=definition.licence,
        )


def _opening(texts: Sequence[str], shortest: int) -> str:
    """The first paragraphs, `TARGET` to LONGEST words, or all if there are fewer; "" for less than `shortest`.

    What stands behind them has no title of its own, and could not be understood under that of the whole.
    """
    lines, words = list[str](), 0
    for paragraph in texts:
        size = len(paragraph.split())
        if words + size > LONGEST or words >= TARGET:
            break
        lines.append(closed(paragraph))
        words += size
    return "\n".join(lines) if words >= shortest else ""


def _write_source(folder: Path, kind: str, source: str, licensed: Sequence[tuple[str, object]]) -> Iterator[LandedFile]:
    for licence in sorted({licence for licence, _ in licensed}):
        path = folder / source / f"{licence}.jsonl"
        _write_lines(path, [row for of_row, row in licensed if of_row == licence])
        yield LandedFile(path, source, licence, kind)


def _write_lines(path: Path, rows: Iterable[object]) -> None:
    """JSON Lines that appear under their name all at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("w", encoding="utf-8", newline="\n") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    unfinished.replace(path)
