"""The dataset card of a release: YAML front matter and Markdown, as a data set hub reads them. No run id, no clock: same rows, same card."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import yaml

from lake.books.ledger import ledger
from lake.harness.job import ArrowInputs
from lake.landing.register import registered
from lake.stages import STAGES
from lake.storage.report import Acceptance
from lake.storage.store import Lake
from reports.attribution import Author
from reports.decontamination import decontamination
from reports.figures import evaluation_rows, headline, measured_before, smoke_test
from reports.funnel import steps
from reports.licences import texts_of
from reports.release_files import FORMS, JSON_LINES, schema_of
from reports.view import View

# SPDX ids that a hub knows under their lower-case name; any other is `other`
_KNOWN_LICENCES = frozenset(
    (
        "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "cc0-1.0", "cc-by-3.0", "cc-by-4.0",
        "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "mpl-2.0", "unlicense",
    )
)  # fmt: skip
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_COLUMNS = {
    "id": "hash of the content it was made from",
    "origin": "`distilled` from a group of similar records, or an `original` record",
    "origin_id": "the distilled item or record; `mixlake explain` follows it to its raw rows",
    "member_ids": "the records it carries",
    "sources": "where those came from",
    "licences": "the licences of those, as SPDX ids",
    "language": "ISO 639-1",
    "messages": "(configuration `messages`) the conversation: role and content of each turn; only the last turn is to be learned, earlier answers may be marked otherwise",
    "prompt": "(configuration `prompt_completion`) everything before the last answer, as text",
    "completion": "(configuration `prompt_completion`) the last answer",
    "score": "0 to 5: of an original its curated rating, of a distilled item an estimate from the ratings of its members",
}


@dataclass(frozen=True)
class Released:
    """What is known of a release when its card is written: its name, the rows of each split, the files of its examples as rows of
    releases/current, and the model whose words are in it, if there is one."""

    name: str
    sizes: Mapping[str, int]
    files: Sequence[Mapping[str, Any]]
    writer: Author | None


def card(lake: Lake, inputs: ArrowInputs, told: Released) -> str:
    """The card of a release, as Markdown."""
    view, examples, sizes = View(lake), inputs["gold/training_set"], told.sizes
    languages, licences, by_source = _contents(examples)
    reasons: Counter[tuple[str, str]] = Counter()
    books = ledger(lake)
    for source in books.sources:
        reasons.update({(outcome, r): n for outcome, ends in source.reasons.items() for r, n in ends.items()})
    stated = {*licences, told.writer.licence or "other"} if told.writer else set(licences)
    evaluated = inputs["reports/evaluation"].to_table().to_pylist()
    compared = inputs["reports/evaluation_comparisons"].to_table().to_pylist()
    front = _front_matter(told, stated, languages)
    return _template().render(
        front=_yaml(front), name=told.name, sizes=sizes, files=_listed(told), languages=languages, licences=licences,
        by_source=by_source, columns=_COLUMNS, total=sum(sizes.values()), forms=list(FORMS), json_lines=JSON_LINES,
        steps=[step for step in steps(view) if not step.name.startswith(("released", "selected"))],
        accepted=_accepted(lake), balanced=books.balanced, sources=books.sources, reasons=sorted(reasons.items()),
        benchmarks=_benchmarks(lake), coverage=_coverage(lake), blocked=reasons["blocked", "contamination"],
        personal=reasons["blocked", "personal_data"], found=decontamination(view),
        evaluation=evaluation_rows(evaluated), smoke_test=smoke_test(evaluated), older=measured_before(view.lake),
        headline=headline(compared), comparisons=sorted(compared, key=lambda row: (row["metric"], row["control"])),
        writer=told.writer, champion=next(reversed(view.decisions()), None),
    )  # fmt: skip


def json_lines_card(told: Released) -> str:
    """The card of the folder of JSON Lines: what makes it a data set of its own, and where the other card is."""
    front = _yaml(_configurations(told, "{form}/{split}-*.jsonl"))
    return f"---\n{front}---\n\nThe examples of {told.name} as JSON Lines. [The card](../README.md) of the release tells all of them.\n"


def _yaml(front: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(front), sort_keys=False, allow_unicode=True)


def _configurations(told: Released, pattern: str) -> dict[str, Any]:
    """Which files are which split of which form, and the types of their columns, as `datasets` reads them from a card."""
    configs = [
        {
            "config_name": form,
            "data_files": [{"split": split, "path": pattern.format(form=form, split=split)} for split in told.sizes],
            **({"default": True} if form == next(iter(FORMS)) else {}),
        }
        for form in FORMS
    ]
    types = [
        {
            "config_name": form,
            "features": [{"name": field.name, **_feature(field.type)} for field in schema_of(form)],
        }
        for form in FORMS
    ]
    return {"configs": configs, "dataset_info": types}


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """A column's type in the words of `datasets`."""
    if pa.types.is_list(kind):
        inside = kind.value_type
        if pa.types.is_struct(inside):
            return {"list": [{"name": field.name, **_feature(field.type)} for field in inside]}
        return {"list": _feature(inside)["dtype"]}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind))}


def _listed(told: Released) -> list[tuple[str, int, str]]:
    """Path within the release, rows and SHA-256 of each file of examples."""
    names = [(Path(file["path"]), file) for file in told.files]
    return [("/".join(path.parts[-3:]), file["rows"], file["sha256"]) for path, file in names]


def _contents(examples: ds.Dataset) -> tuple[Counter[str], Counter[str], Counter[tuple[str, str]]]:
    """Examples by language, by licence and by (source, origin); one of several sources or licences counts for each."""
    languages, licences, sources = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for batch in examples.to_batches(columns=["language", "licences", "sources", "origin"]):
        for row in batch.to_pylist():
            languages[row["language"]] += 1
            licences.update(set(row["licences"]))
            sources.update((source, row["origin"]) for source in set(row["sources"]))
    return languages, licences, sources


def _front_matter(told: Released, licences: Collection[str], languages: Mapping[str, int]) -> dict[str, Any]:
    stated = {licence.lower() if licence.lower() in _KNOWN_LICENCES else "other" for licence in licences}
    total = sum(told.sizes.values())
    return {
        "pretty_name": told.name,
        "license": sorted(stated),
        "language": sorted(languages),
        "size_categories": [next((label for limit, label in _SIZES if total < limit), "n>1M")],
        "task_categories": ["text-generation"],
        "tags": ["instruction-tuning", "distillation", "synthetic"],
        **_configurations(told, "data/{form}/{split}-*.parquet"),
    }


def _benchmarks(lake: Lake) -> Sequence[dict[str, str]]:
    """Name and SHA-256 of every benchmark file that the training set was compared with."""
    files = (file for file in registered(lake) if file["kind"] == "benchmark")
    found = [{"name": Path(file["uri"]).name, "source": file["source"], "sha256": file["sha256"]} for file in files]
    return sorted(found, key=lambda file: (file["source"], file["name"], file["sha256"]))


def _accepted(lake: Lake) -> list[tuple[str, Acceptance]]:
    """The tables behind the release that their gates rejected, with why they were published all the same."""
    made = ((key, lake.publication(key)) for key in STAGES if key != "releases/current")
    return [(key, acceptance) for key, at in made if at for acceptance in at[1].accepted]


def _coverage(lake: Lake) -> float | None:
    published = lake.publication("gold/training_set")
    return published[1].params.get("contamination_coverage") if published else None


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    filters: dict[str, Any] = {
        "texts": texts_of,
        "cell": lambda text: " ".join(str(text).replace("|", "/").replace("`", "'").split()),
    }
    environment.filters.update(filters)
    return environment.get_template("card.md.j2")
