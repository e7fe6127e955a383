#!/usr/bin/env bash
# Sees to Postgres for the test of Dagster's storage: the server from Debian's or Ubuntu's package as root, elsewhere says what to type;
# Dagster's storage and its driver by their hashes, beside the environment.
set -euo pipefail

found() { command -v postgres || ls /usr/lib/postgresql/*/bin/postgres; } >/dev/null 2>&1
if ! found && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Postgres (the test of Dagster's storage starts it) ..."
  apt-get update -qq || true
  apt-get install -y -qq --no-install-recommends postgresql >/dev/null 2>&1 || true
fi
if ! found; then
  echo "The test of Dagster's storage needs Postgres, which is not there: sudo apt-get install postgresql (or put postgres and initdb on the path)" >&2
  exit 1
fi

[ -d .tools/postgres/dagster_postgres ] && exit 0
uv=$(command -v uv || echo .tools/bin/uv)
"$uv" pip install --quiet --no-deps --require-hashes --python .venv/bin/python --target .tools/postgres -r requirements/postgres.txt
