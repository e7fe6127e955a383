"""Rows computed once and kept, so that what reads them neither computes nor plans again all that they came from."""

from pyspark.sql import DataFrame
from pyspark.storagelevel import StorageLevel


def cut_lineage(rows: DataFrame) -> DataFrame:
    """The rows, computed now, without the plan that they came from; they are dropped at the end of the stage.

    Frames that are read several times, each made of the one before, would else have plans that Spark takes minutes to write down.
    The rows lie on the executors' disks. On a cluster an executor can be lost, and with it what has no plan to be made of again: there they
    lie in the session's folder for checkpoints (spark_jobs.session).
    """
    if rows.sparkSession.sparkContext.getCheckpointDir():
        return rows.checkpoint()
    return rows.localCheckpoint(storageLevel=StorageLevel.DISK_ONLY)
