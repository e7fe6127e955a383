"""The demo: lands its raw files, materialises every asset through Dagster, prints what came out."""

import textwrap
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from demo.land import land_demo
from lake.engines.spark import start_ahead
from lake.harness import progress
from lake.harness.plan import plan, select_stages
from lake.harness.profiles import load_profile, resolve
from lake.landing.landed import register_landed
from lake.settings import settings
from lake.storage.report import StageReport
from lake.storage.store import Lake

_PROFILE = "demo"


def main() -> int:
    """The exit code: 0 when every table is up to date, 1 when a gate rejected."""
    begun = time.monotonic()
    lake = Lake(settings().root)
    say = progress.console().print
    files = [*land_demo(lake), *register_landed(lake)]
    added = sum(file.added for file in files)
    say(f"Raw files: {len(files)} registered, {added} of them now; the lake is {lake.root}")
    stages = select_stages()
    planned = plan(lake, stages, load_profile(_PROFILE))
    if all(entry.action == "nothing_to_do" for entry in planned):
        say(f"Nothing to do: all {len(planned)} tables are up to date.")
        reports: Sequence[StageReport] = ()
    else:
        start_ahead(lake, (entry.stage for entry in planned if entry.action != "nothing_to_do"))
        reports = resolve("dagster_project.lib.launch:materialise")([stage.key for stage in stages], _PROFILE)
    rejected = [report.stage for report in reports if report.status == "rejected"]
    if rejected:
        say(f"Rejected by its gate: {', '.join(rejected)}. Nothing of it was published; `mixlake rejected` shows why.")
        return 1
    page = resolve("reports.page:write_report")(lake, None)
    _summary(lake)
    print(f"\nRelease: {resolve('reports.exported:folder')(lake)}\nReport:  {page}")
    print(f"Next:    mixlake ui   (this took {time.monotonic() - begun:.0f} s)")
    return 0


def _summary(lake: Lake) -> None:
    """Prints the funnel, three before/afters, one rejected item, how far judges agree, and which distiller serves."""
    print("\nFunnel")
    for step in resolve("reports.funnel:funnel")(lake):
        print(f"  {step.rows:>8,}  {step.name}" + (f"  ({step.note})" if step.note else ""))
    shown = resolve("reports.funnel:examples")(lake, 3)
    for number, pair in enumerate(shown.pairs, start=1):
        print(f"\nBefore and after, {number} of {len(shown.pairs)}")
        for member in pair.before:
            print(_wrapped(member.text, "  - "))
        print(_wrapped(pair.after.text, "  => "))
    if shown.rejection:
        print(f"\nRejected ({shown.rejection.reason}: {shown.rejection.detail})")
        print(_wrapped(shown.rejection.text, "  x  "))
    measured = lake.dataset("reports/evaluation").to_table(columns=["metric", "value", "base"]).to_pylist()
    if shares := facts_recovered(measured):
        print(f"\nFacts recovered, mean share of those in the docstrings: {shares}")
    if said := resolve("reports.figures:smoke_test")(measured):
        print(f"\n{said}")
    for line in resolve("reports.judges:told")(lake):
        print(f"\n{line}")
    decisions = lake.dataset("models/champion").to_table(columns=["number", "decision"]).sort_by("number").to_pylist()
    print(f"\n{decisions[-1]['decision']}")


def facts_recovered(measured: Iterable[Mapping[str, Any]]) -> str:
    """The share of the known facts that each side states, among the figures of reports/evaluation; empty where none is."""
    shares = {
        row["metric"].removeprefix("facts_"): row["value"] for row in measured if row["metric"].startswith("facts_")
    }
    told = {name: share for name, share in shares.items() if not name.startswith("per_100_words_")}
    return ", ".join(f"{name.replace('_', ' ')} {share:.2f}" for name, share in told.items())


def _wrapped(text: str, bullet: str) -> str:
    line = textwrap.shorten(" ".join(text.split()), 420, placeholder=" ...")
    return textwrap.fill(line, 118, initial_indent=bullet, subsequent_indent=" " * len(bullet))
