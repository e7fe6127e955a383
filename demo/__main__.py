"""`python -m demo`: what demo.run does, a user's mistake or Ctrl-C printed as one sentence."""

import os
import sys

from lake.cli.main import guarded


def _run() -> int:
    from demo.run import main  # inside, so that Ctrl-C during its imports gets the sentence, too

    return main()


if __name__ == "__main__":
    exit_code = guarded(_run)
    sys.stdout.flush()
    sys.stderr.flush()
    # everything is committed and closed; a native library's thread may abort the interpreter's own teardown
    os._exit(exit_code)
