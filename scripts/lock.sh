#!/usr/bin/env bash
# Compiles both locks with hashes and without index addresses, so that they work behind any mirror.
set -euo pipefail
uv=$(command -v uv || echo .tools/bin/uv)
export UV_CUSTOM_COMPILE_COMMAND="make lock"
for extra in cpu gpu; do
  "$uv" pip compile pyproject.toml --quiet --extra "$extra" --group dev --generate-hashes --universal --no-emit-index-url --no-emit-find-links \
    -o "requirements/$extra.txt"
done
"${VENV:-.venv}/bin/python" scripts/stamp_locks.py
