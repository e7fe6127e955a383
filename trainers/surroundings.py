"""What must hold in the process before torch, transformers or TRL is imported."""

import os

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while they wait make a shared machine ten times slower
}


def silence() -> None:
    """Turns telemetry and hub look-ups off; HF_HUB_OFFLINE=0 in the environment keeps the hub reachable.

    The libraries read these once, at import: call it first.
    """
    for name, value in _OFFLINE.items():
        os.environ.setdefault(name, value)
