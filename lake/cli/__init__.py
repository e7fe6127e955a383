"""`mixlake`: the command line. Exit codes: 0 done, 1 the run failed or a gate rejected, 2 wrong usage."""

from lake.cli.main import main

__all__ = ["main"]
