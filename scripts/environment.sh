#!/usr/bin/env bash
# Makes the hash-locked environment: environment.sh PYTHON VENV EXTRA. uv comes from the path, else from requirements/uv.txt.
set -euo pipefail
python=$1 venv=$2 extra=$3

usable() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; }
for candidate in "$python" python3.12 python3.11; do
  if usable "$candidate"; then interpreter=$candidate; break; fi
done
[ -n "${interpreter:-}" ] || { echo "mixlake needs Python 3.11 or 3.12 (make PYTHON=/path/to/python3.12 names another one)" >&2; exit 1; }

if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
  uv=uv
else
  "$interpreter" -m pip --version >/dev/null 2>&1 || { echo "uv is not installed and Python has no pip: apt-get install python3-pip, or install uv" >&2; exit 1; }
  "$interpreter" -m pip install --quiet --disable-pip-version-check --require-hashes --target .tools -r requirements/uv.txt
  uv=.tools/bin/uv
fi

[ -x "$venv/bin/python" ] || "$uv" venv --quiet --python "$(command -v "$interpreter")" "$venv"
echo "Installing the locked environment ($extra) ..."
"$uv" pip sync --quiet --require-hashes --python "$venv/bin/python" "requirements/$extra.txt"
"$uv" pip install --quiet --no-deps --no-build-isolation --python "$venv/bin/python" -e .
rm -f "$venv"/.ready-*

# as pip does and uv does not, but only what a run imports: 6,400 of the 31,000 files. vLLM also keeps what it finds out about the
# architecture of the model in the box, in a process that imports everything once more
echo "Compiling what is imported ..."
vllm="from vllm import LLM, ModelRegistry; ModelRegistry.models['LlamaForCausalLM'].inspect_model_cls()"
others="import dagster, deltalake, great_expectations, sentence_transformers, trl.trainer.grpo_trainer, trl.trainer.sft_trainer"
for imports in "$vllm" "$others"; do
  PYTHONDONTWRITEBYTECODE='' "$venv/bin/python" -W ignore -c "$imports" >/dev/null 2>&1 &
done
wait
