"""How many tokens a text has for an engine: by its model's own tokenizer where that is at hand, else by its characters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from inference.text_engines import EngineParams, Request
from lake.models.named import model_folder

CHARACTERS = 4  # a token, about, of English text
_A_MESSAGE = 5  # tokens that a chat template puts around a message


def token_counter(params: EngineParams) -> Callable[[str], int]:
    """Counts the tokens of a text; an estimate for a server, and for a model whose folder holds no tokenizer.json."""
    file = Path(model_folder(params.model)) / "tokenizer.json" if params.kind == "vllm" else None
    if file is None or not file.is_file():
        return _by_characters
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def prompt_tokens(request: Request, count: Callable[[str], int]) -> int:
    """About how many tokens the request's prompt has."""
    return sum(count(message["content"]) + _A_MESSAGE for message in request.messages)


def _by_characters(text: str) -> int:
    """
    >>> _by_characters("twelve signs")
    3
    """
    return -(-len(text) // CHARACTERS)
