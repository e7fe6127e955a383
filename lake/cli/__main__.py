"""`python -m lake.cli`: the same as `mixlake`."""

from lake.cli.main import main

main()
