"""What must hold in a process before a model library is imported: no telemetry, no chatter, no threads that spin while they wait."""

import os
import sys

_QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "False",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TQDM_DISABLE": "1",
    # on a shared machine spinning threads take the cores from those that work
    "OMP_WAIT_POLICY": "PASSIVE",
    # the pinned pair of TRL and vLLM is newer than the range TRL names; nothing of vLLM is used by TRL here
    "PYTHONWARNINGS": "ignore:TRL currently supports vLLM",
}

# Of a process that trains or generates, read by the C library at its start: without it every large tensor is given back to the
# kernel and its pages are fetched and cleared anew, a fifth of a training step on a CPU. The largest, logits of a whole vocabulary, are
# given back all the same: of a size of their own in each step, they leave gaps that nothing else fills (GRPO of 135 M weights held 12 GB).
_KEPT = str(2**26)  # bytes
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": _KEPT, "MALLOC_TRIM_THRESHOLD_": _KEPT}


def prepare(offline: bool = False) -> None:
    """Sets what libraries read once, at import; a value already in the environment stays.

    offline: never look for a model on a hub, even where one is reachable.
    """
    for name, value in (_QUIET | ({"HF_HUB_OFFLINE": "1"} if offline else {})).items():
        os.environ.setdefault(name, value)
    # PySpark takes a main module without a file for a doctest and ends the process; Dagster's run workers have such a one.
    # A spawned process runs this file as its main module: one that does nothing by itself
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):
        main.__file__ = __file__
