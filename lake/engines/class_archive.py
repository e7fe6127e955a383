"""Spark's classes as Java has read and checked them, kept in a file (an AppCDS archive) that later sessions map into memory.

A session reads eleven thousand classes to start and more for its first queries, anew in each process. Java itself looks whether an archive fits
its own version, its options and the jars, and does without one that does not.
"""

import hashlib
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from lake.engines.jars import delta_jars, found_java
from lake.errors import UserError


def class_archive(cache: Path) -> Path:
    """Where in `cache` the archive for this Java and this Spark lies, once `make_class_archive` has made it."""
    home = Path(found_java()).resolve().parents[1]
    spark = distribution("pyspark")
    # as Java is told where the jars are: an environment may be reached by a link
    jars = Path(str(spark.locate_file("pyspark"))).resolve()
    known = f"{home} {_changed(home / 'lib' / 'modules')} {jars} {spark.version}"
    return cache / "java" / f"spark-{hashlib.sha256(known.encode()).hexdigest()[:16]}.jsa"


def make_class_archive(cache: Path) -> Path:
    """The archive, made if it is not there: most of a minute, once a machine. Raises UserError where Spark does not start."""
    archive = class_archive(cache)
    if archive.exists():
        return archive
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(f".{os.getpid()}")
    jars = map(str, delta_jars(cache))
    try:
        # a process of its own: Java writes the archive when it ends
        done = subprocess.run(
            [sys.executable, "-m", "spark_jobs.rehearsal", str(unfinished), *jars],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not unfinished.exists():
            raise UserError(f"Spark did not start to have its classes archived: {done.stderr.strip()[-500:]}")
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())  # Java trusts what it maps: half a file would end it
        unfinished.rename(archive)
    finally:
        unfinished.unlink(missing_ok=True)
    return archive


def _changed(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0
