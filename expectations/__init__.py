"""The gate: what must hold of a table before it is published.

One function per stage returns its suite; `gate.audit` runs it. Great Expectations is loaded nowhere else, and its
analytics are switched off here, before anything can load it.
"""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"
