"""Jars beside Spark's own, Delta's and those of lake.engines.s3a_jars: resolved once by the dependency resolver inside Spark, checked, and kept in
the cache.

Everything else that Delta's POM names is already part of Spark, so nothing transitive is fetched, and a session starts from
files without resolving anything. Spark's own Ivy is used because every PySpark has it and it knows the public repositories.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from lake.errors import UserError
from lake.ids import sha256_file


class Jar(NamedTuple):
    """A jar as a Maven repository names it."""

    group: str
    artifact: str
    version: str

    @property
    def file(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


_DELTA: Mapping[Jar, str] = MappingProxyType(
    {
        Jar(
            "io.delta", "delta-spark_4.2_2.13", "4.4.0"
        ): "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead",
        Jar("io.delta", "delta-storage", "4.4.0"): "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
    }
)


def java() -> str | None:
    """The `java` program that Spark would start: JAVA_HOME's, else the one on the path, else None."""
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        return str(Path(home) / "bin" / "java")
    return shutil.which("java")


def found_java() -> str:
    """The `java` that Spark starts. Raises UserError where there is none."""
    program = java()
    if program is None:
        raise UserError(
            "Java is not installed: Spark needs Java 17 or newer (on Debian or Ubuntu: apt-get install openjdk-17-jre-headless)"
        )
    return program


def delta_jars(cache: Path) -> list[Path]:
    """Delta's two jars in `cache`/jars, fetched if they are not there.

    Raises UserError when Java is missing, the repository cannot be reached, or a jar is not the one expected.
    """
    return kept_jars(cache, _DELTA)


def jars_present(cache: Path) -> bool:
    """Whether Delta's jars are in the cache already and are the right ones."""
    return not _absent(cache / "jars", _DELTA)


def kept_jars(cache: Path, wanted: Mapping[Jar, str]) -> list[Path]:
    """The jars, whose SHA-256 `wanted` gives, in `cache`/jars, fetched as `delta_jars` does."""
    folder = cache / "jars"
    absent = _absent(folder, wanted)
    if absent:
        _fetch(folder, {jar: wanted[jar] for jar in absent})
    return [folder / jar.file for jar in wanted]


def _absent(folder: Path, wanted: Mapping[Jar, str]) -> list[Jar]:
    return [jar for jar, sha256 in wanted.items() if not _is(folder / jar.file, sha256)]


def _is(file: Path, sha256: str) -> bool:
    return file.exists() and sha256_file(file) == sha256


def _fetch(folder: Path, wanted: Mapping[Jar, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        resolve(wanted, Path(scratch))
        for jar, sha256 in wanted.items():
            fetched = Path(scratch) / jar.file
            if not _is(fetched, sha256):
                raise UserError(
                    f"{jar.file} as fetched does not have the SHA-256 {sha256}: nothing was kept; try again from a trusted network"
                )
        for jar in wanted:
            (Path(scratch) / jar.file).replace(folder / jar.file)


def resolve(jars: Iterable[Jar], folder: Path) -> None:
    """Fetches jars into `folder`, without what they depend on. Raises UserError where no repository has them."""
    import pyspark

    listed = list(jars)
    module = folder / "ivy.xml"
    module.write_text(_module(listed), encoding="utf-8")
    classpath = Path(pyspark.__file__).parent / "jars" / "*"
    target = ["-cache", str(folder / "ivy"), "-retrieve", str(folder / "[artifact]-[revision].[ext]")]
    asked = ["-ivy", str(module), "-confs", "default", "-types", "jar", "bundle"]
    command = [found_java(), "-cp", str(classpath), "org.apache.ivy.Main", *target, *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        names = ", ".join(jar.file for jar in listed[:2]) + (f" and {len(listed) - 2} more" if len(listed) > 2 else "")
        raise UserError(
            f"{names} could not be fetched: no Maven repository answered; `mixlake doctor` tells what is missing"
        )


def _module(jars: Sequence[Jar]) -> str:
    """What Ivy is to fetch: a module of no name that depends on the jars alone."""
    lines = (
        f'<dependency org="{jar.group}" name="{jar.artifact}" rev="{jar.version}" transitive="false" conf="default-&gt;master"/>'
        for jar in jars
    )
    return (
        '<ivy-module version="2.0"><info organisation="mixlake" module="jars"/><configurations><conf name="default"/></configurations>'
        f"<dependencies>{''.join(lines)}</dependencies></ivy-module>"
    )
