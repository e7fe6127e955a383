#!/usr/bin/env bash
# Makes an environment for each peer of the deduplication benchmark under FOLDER, outside the project: dedupe_peers.sh FOLDER
set -euo pipefail
mkdir -p "$1"
cd "$1"

environment() {
    local name=$1
    shift
    [ -x "$name/bin/python" ] || uv venv --python 3.11 "$name"
    timeout 300 uv pip install --python "$name/bin/python" "$@"
}

environment truth SetSimilaritySearch numpy
environment rensa rensa==0.5.0 numpy
environment textdedup text-dedup==0.4.0
environment datatrove 'datatrove[processing]==0.10.1' orjson xxhash spacy
environment juicer py-data-juicer==1.6.1 aiohttp
