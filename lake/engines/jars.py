"""Delta's two jars: resolved once by the dependency resolver inside Spark, checked, and kept in the cache.

Everything else that Delta's POM names is already part of Spark, so nothing transitive is fetched, and a session starts from
files without resolving anything. Spark's own Ivy is used because every PySpark has it and it knows the public repositories.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from lake.errors import UserError
from lake.ids import sha256_file

_VERSION = "4.4.0"
_SHA256 = {
    f"delta-spark_4.2_2.13-{_VERSION}.jar": "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead",
    f"delta-storage-{_VERSION}.jar": "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
}


def java() -> str | None:
    """The `java` program that Spark would start: JAVA_HOME's, else the one on the path, else None."""
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        return str(Path(home) / "bin" / "java")
    return shutil.which("java")


def delta_jars(cache: Path) -> list[Path]:
    """The two jars in `cache`/jars, fetched if they are not there.

    Raises UserError when Java is missing, the repository cannot be reached, or a jar is not the one expected.
    """
    return [_jar(cache / "jars", name, sha256) for name, sha256 in _SHA256.items()]


def jars_present(cache: Path) -> bool:
    """Whether both jars are in the cache already and are the right ones."""
    jars = {cache / "jars" / name: sha256 for name, sha256 in _SHA256.items()}
    return all(jar.exists() and sha256_file(jar) == sha256 for jar, sha256 in jars.items())


def _jar(folder: Path, name: str, sha256: str) -> Path:
    jar = folder / name
    if jar.exists() and sha256_file(jar) == sha256:
        return jar
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fetched = _resolve(name.removesuffix(f"-{_VERSION}.jar"), Path(scratch)) / name
        if not fetched.exists() or sha256_file(fetched) != sha256:
            raise UserError(
                f"{name} as fetched does not have the SHA-256 {sha256}: nothing was kept; try again from a trusted network"
            )
        fetched.replace(jar)
    return jar


def found_java() -> str:
    """The `java` that Spark starts. Raises UserError where there is none."""
    program = java()
    if program is None:
        raise UserError(
            "Java is not installed: Spark needs Java 17 or newer (on Debian or Ubuntu: apt-get install openjdk-17-jre-headless)"
        )
    return program


def _resolve(artifact: str, scratch: Path) -> Path:
    import pyspark

    program = found_java()
    classpath = Path(pyspark.__file__).parent / "jars" / "*"
    dependency = ["-dependency", "io.delta", artifact, _VERSION, "-notransitive", "-confs", "default", "-types", "jar"]
    target = ["-cache", str(scratch / "ivy"), "-retrieve", str(scratch / "[artifact]-[revision].[ext]")]
    command = [program, "-cp", str(classpath), "org.apache.ivy.Main", *target, *dependency]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(
            f"Delta's jar {artifact} {_VERSION} could not be fetched: no Maven repository answered; `mixlake doctor` tells what is missing"
        )
    return scratch
