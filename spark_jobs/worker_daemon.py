"""What Spark forks its Python workers from: a process that has imported what jobs need, so that no worker has to import it again."""

from pyspark import daemon, worker

from lake.harness.profiles import resolve
from lake.stages import STAGES

# only to be imported: a fork has it then
IMPORTED = (worker, *(resolve(stage.job) for stage in STAGES.values() if stage.engine == "spark"))

if __name__ == "__main__":
    daemon.manager()
