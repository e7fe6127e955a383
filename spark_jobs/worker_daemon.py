"""What Spark forks its Python workers from: a process that has imported what jobs need, so that no worker has to import it again."""

import re
import sys

# Spark puts archives of its own sources before what is installed, which is the same: Python would compile them anew in each such process
sys.path[:] = [place for place in sys.path if not re.fullmatch(r"(?:.*/)?(?:pyspark|py4j-[\d.]+-src)\.zip", place)]

from pyspark import daemon, worker  # noqa: E402

from lake.harness.profiles import resolve  # noqa: E402
from lake.stages import STAGES  # noqa: E402

# only to be imported: a fork has it then
IMPORTED = (worker, *(resolve(stage.job) for stage in STAGES.values() if stage.engine == "spark"))

if __name__ == "__main__":
    daemon.manager()
