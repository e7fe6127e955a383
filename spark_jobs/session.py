"""The one place where a Spark session is configured: Delta, memory, parallelism, and what makes a small local run fast.

A remote master gets the same SQL settings, as many partitions as a stage's inputs need (lake.engines.spark), and its memory and cores from
MIXLAKE_SPARK_CONF or from Spark's spark-defaults.conf.
"""

import atexit
import gc
import os
import re
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lake.settings import project_folder
from spark_jobs.lost_session import end_lost_session, keep_quiet_when_lost

_LOGGING = Path(__file__).with_name("log4j2.properties")
_SQL = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # each batch costs some milliseconds whatever it holds; long rows end one earlier
    "spark.sql.execution.arrow.maxRecordsPerBatch": "8192",
    "spark.sql.execution.arrow.maxBytesPerBatch": "64m",
    # what is kept is read once or twice: to look for a way to compress it takes a fifth more than to write it
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # any other type leaves timestamps without statistics in the files
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # nearly all columns are ids, hashes and texts, no two alike: to look for repeated values first takes a tenth of the time
    "spark.hadoop.parquet.enable.dictionary": "false",
    "spark.ui.showConsoleProgress": "false",
    # Spark remembers the text of each query's plan. What is persisted is told again wherever it is read, twice a level: a query of
    # deduplication has 41 MB of it, and the fourth such run filled a heap of 1 GiB
    "spark.sql.maxPlanStringLength": "10000",
    # and to write it down by its own rules, with a number for each operator, is a tenth of what it takes to plan few rows
    "spark.sql.ui.explainMode": "simple",
}

_LOCAL = {
    "spark.ui.enabled": "false",
    # history that nobody can look at without the UI
    "spark.sql.ui.retainedExecutions": "20",
    "spark.ui.retainedJobs": "100",
    "spark.ui.retainedStages": "100",
    "spark.ui.retainedTasks": "1000",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # Delta's and Spark's defaults are made for a cluster: on two cores they cost seconds a commit
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.sql.files.maxPartitionBytes": "64m",
}

# For a stage that looks at little, rows of before among it. Such queries last as long as it takes to plan them, to compile them and to start
# their tasks: a job for each exchange and each broadcast, a class for each expression, a task for each part of a file, and to infer which values
# are none, cost more than the rows.
SMALL = {
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.leafNodeDefaultParallelism": "1",
}

# Batches leave little behind that lives long: a collector that works beside them only takes their cores.
# Classes take 150 MB: a JVM that begins with room for 21 looks through all of its memory each time that it makes more.
_JAVA = "-XX:+UseParallelGC -XX:MetaspaceSize=256m"
_SILENT_ARCHIVE = "-Xlog:cds*=off"  # Java does without an archive that another one made, and need not say so
# The optimising compiler takes some 50 CPU seconds of any run, a quarter of the JVM's work or more until 300,000 records. Without it the
# JVM reserves 48 MiB for compiled code instead of 240: Spark compiles each query anew, and some two thousand of them filled that.
_QUICK_COMPILER = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"


def spark_session(
    jars: Sequence[Path],
    master: str = "local[*]",
    driver_memory: str = "2g",
    scratch: Path | None = None,
    brief: bool = True,
    extra: Mapping[str, str] | None = None,
    checkpoints: str | None = None,
    classes: Path | None = None,
    archive_to: Path | None = None,
) -> SparkSession:
    """The running session, or a fresh one with Delta's `jars`; `scratch` takes shuffle and spill files, `extra` (MIXLAKE_SPARK_CONF)
    overrides any setting.

    A session that was lost is replaced.
    brief: whether a local JVM will not work long enough for its optimising compiler to pay.
    checkpoints: a folder that all workers see, for what a stage keeps while it runs; none where there are no other workers.
    classes: an archive of a local session's classes (lake.engines.class_archive), which may not be there. archive_to: where Java writes one at its end.
    Memory, jars and master only count when no session runs yet, because the JVM is started once a process.
    """
    end_lost_session()
    # the workers must be this interpreter: another one would lack the project's libraries
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    archive = _archive_options(classes, archive_to)
    chosen = spark_settings(jars, master, driver_memory, scratch, brief, archive) | dict(extra or {})
    builder = SparkSession.Builder().appName("mixlake").master(master)
    for name, value in chosen.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    keep_quiet_when_lost(session)
    if checkpoints is not None and not session.sparkContext.getCheckpointDir():
        session.sparkContext.setCheckpointDir(checkpoints)
    # on a cluster executors would stay until the master misses the driver; a local session ends with its JVM
    if not master.startswith("local"):
        atexit.register(_stop, session)
    return session


def _archive_options(classes: Path | None, archive_to: Path | None) -> str:
    if archive_to:
        return f'"-XX:ArchiveClassesAtExit={archive_to}" {_SILENT_ARCHIVE}'
    return f'"-XX:SharedArchiveFile={classes}" {_SILENT_ARCHIVE}' if classes and classes.exists() else ""


def _stop(session: SparkSession) -> None:
    with suppress(Exception):  # the JVM may be gone, and with it the executors
        session.stop()


@contextmanager
def fitted(session: SparkSession, chosen: Mapping[str, str]) -> Generator[None]:
    """Has the session plan with the `chosen` settings."""
    before = {name: session.conf.get(name) or "" for name in chosen}
    try:
        for name, value in chosen.items():
            session.conf.set(name, value)
        yield
    finally:
        with suppress(Exception):  # a session that was lost takes its settings along
            for name, value in before.items():
                session.conf.set(name, value)


def release_cached(session: SparkSession) -> None:
    """Drops all that is persisted or checkpointed in the session, so that frames which read it cannot be used any more.

    What was broadcast goes with the frames that asked for it, once the JVM collects them.
    """
    # py4j's objects refer to themselves, so that only this tells the JVM that frames, and what they broadcast, are done with
    gc.collect()
    if not gc.get_freeze_count():  # what was imported stays: to look through all of it again took half a second a stage
        gc.freeze()
    session.catalog.clearCache()
    context: Any = session.sparkContext
    for rows in context._jsc.getPersistentRDDs().values():  # the catalog knows of no checkpoint
        rows.unpersist()
    if folder := context.getCheckpointDir():
        place = context._jvm.org.apache.hadoop.fs.Path(folder)
        place.getFileSystem(context._jsc.hadoopConfiguration()).delete(place, True)


def spark_settings(
    jars: Sequence[Path],
    master: str,
    driver_memory: str,
    scratch: Path | None = None,
    brief: bool = True,
    archive: str = "",
) -> dict[str, str]:
    """Every setting of a session for `master`, before overrides; `archive` are options of a local JVM that are about its classes."""
    chosen = {
        **_SQL,
        "spark.jars": ",".join(str(jar) for jar in jars),
        "spark.driver.memory": driver_memory,
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
        "spark.executorEnv.PYTHONPATH": str(project_folder()),
        "spark.python.daemon.module": "spark_jobs.worker_daemon",
    }
    if scratch is not None:
        chosen |= {"spark.local.dir": str(scratch), "spark.sql.warehouse.dir": str(scratch / "warehouse")}
    if master.startswith("local"):
        java = f"{chosen['spark.driver.extraJavaOptions']} {_JAVA}{f' {_QUICK_COMPILER}' if brief else ''} {archive}".rstrip()
        cores = local_cores(master)
        chosen |= {
            **_LOCAL,
            "spark.driver.extraJavaOptions": java,
            "spark.sql.shuffle.partitions": str(2 * cores),
            # a large file is parted so far that cores are done with a stage at about the same time
            "spark.sql.files.minPartitionNum": str(4 * cores),
        }
    return chosen


def local_cores(master: str) -> int:
    """How many cores a local master uses: `local` is one, `local[*]` all of the machine."""
    match = re.fullmatch(r"local(?:\[(\*|\d+)(?:,\s*\d+)?\])?", master)
    cores = match.group(1) if match else None
    if cores == "*":
        return os.cpu_count() or 1
    return int(cores or 1)
