"""Options that several commands have."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on standard output.")]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="One of ours (`mixlake profiles` lists them) or a YAML file, such as my.yaml; default MIXLAKE_PROFILE, else demo.",
    ),
]
