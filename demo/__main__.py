"""`python -m demo`: what demo.run does, a user's mistake or Ctrl-C told in one sentence."""

import os
import sys

from lake.cli.main import guarded
from lake.profiles import resolve

if __name__ == "__main__":
    exit_code = guarded(lambda: resolve("demo.run:main")())  # imported inside, so that Ctrl-C meanwhile is told too
    sys.stdout.flush()
    sys.stderr.flush()
    # everything is committed and closed; a native library's thread may abort the interpreter's own teardown
    os._exit(exit_code)
