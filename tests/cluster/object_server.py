"""SeaweedFS on loopback: an object store with disks of its own, which speaks S3 and puts a file where none is, or not at all."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pyarrow import fs
from servers import free_port
from standalone import ended, patiently

from lake.settings import project_folder

_KEYS = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "words-of-the-reader"}
_MAY = ["Admin", "Read", "Write", "List", "Tagging"]
_PORTS = ("master.port", "volume.port", "filer.port", "s3.port")


@contextmanager
def object_server(folder: Path, bucket: str) -> Iterator[Mapping[str, str]]:
    """What the environment of its clients needs; an empty bucket is there while the block runs."""
    program = project_folder() / ".tools" / "seaweedfs" / "bin" / "weed"
    assert program.exists(), "SeaweedFS is not installed: bash scripts/object_server.sh, which `make test-long` calls"
    ports = {f"{name}{kind}": free_port() for name in _PORTS for kind in ("", ".grpc")}
    (folder / "disks").mkdir(parents=True)
    known = {"identities": [{"name": "tests", "actions": _MAY, "credentials": [_credentials()]}]}
    (folder / "identities.json").write_text(json.dumps(known))
    command = [
        str(program), "server", f"-dir={folder / 'disks'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
        f"-s3.config={folder / 'identities.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64", "-volume.max=50",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    environment = {**_KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports['s3.port']}"}
    with (folder / "server.log").open("wb") as lines:
        process = subprocess.Popen(command, stdout=lines, stderr=lines, start_new_session=True, env=dict(os.environ))
    try:
        patiently(lambda: _made(bucket, environment), "the object store's start")
        yield environment
    finally:
        ended(process)


def _credentials() -> Mapping[str, str]:
    return {"accessKey": _KEYS["AWS_ACCESS_KEY_ID"], "secretKey": _KEYS["AWS_SECRET_ACCESS_KEY"]}


def _made(bucket: str, environment: Mapping[str, str]) -> bool:
    """Makes the bucket; an OSError where nobody answers yet."""
    there = fs.S3FileSystem(
        access_key=environment["AWS_ACCESS_KEY_ID"],
        secret_key=environment["AWS_SECRET_ACCESS_KEY"],
        endpoint_override=environment["AWS_ENDPOINT_URL"],
        region="us-east-1",
        allow_bucket_creation=True,
        connect_timeout=2,
        request_timeout=5,
    )
    there.create_dir(bucket)
    return there.get_file_info(bucket).type is fs.FileType.Directory
