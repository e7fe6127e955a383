"""Options that several commands have, and the names that a shell completes."""

from collections.abc import Callable, Iterable
from importlib import metadata
from typing import Annotated

import typer

from lake.harness.profiles import profile_names
from lake.stages import STAGES
from lake.tables import TABLES


def completed(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """What a shell offers for a beginning: those of `names` that start with it."""

    def those_that_start_with(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    return those_that_start_with


def _print_version(asked: bool) -> None:
    if asked:
        print(f"mixlake {metadata.version('mixlake')}")
        raise typer.Exit


stage_names = completed(lambda: STAGES)
table_names = completed(lambda: TABLES)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on standard output.")]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="One of ours (`mixlake profiles` lists them) or a YAML file, such as my.yaml; default MIXLAKE_PROFILE, else demo.",
        autocompletion=completed(profile_names),
    ),
]
Stages = Annotated[
    list[str] | None,
    typer.Argument(help="Stages to run; default: all.", metavar="[STAGE]...", autocompletion=stage_names),
]
First = Annotated[str | None, typer.Option("--from", help="The first stage to run.", autocompletion=stage_names)]
Last = Annotated[str | None, typer.Option("--to", help="The last stage to run.", autocompletion=stage_names)]
Version = Annotated[
    bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
]
