"""The library that reads models, imported so that it looks for nothing on a hub.

It takes seconds to import, so that it is imported where a model is needed, or before that by a process that workers are forks of.
"""

import os

# a model is a local folder by now, but the libraries would still look for newer files on a hub: they read this once, at import
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from sentence_transformers import SentenceTransformer

__all__ = ["SentenceTransformer"]
