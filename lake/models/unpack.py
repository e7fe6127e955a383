"""`python -m lake.models.unpack FILE FOLDER`: a Llama-shaped GGUF file as a folder of safetensors, configuration and tokenizer."""

import sys
from pathlib import Path
from typing import Any

from lake.harness.environment import prepare


def unpack(file: Path, folder: Path) -> None:
    """Writes the checkpoint in `file` to `folder`: weights in bfloat16, far finer than the four bits they come from."""
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    options: dict[str, Any] = {"gguf_file": file.name, "dtype": torch.bfloat16}
    # without it the weights stay packed, in a form that can be neither saved nor trained
    model = AutoModelForCausalLM.from_pretrained(
        file.parent, quantization_config=GgufConfig(dequantize=True), **options
    )
    tokenizer = _tokenizer(file, model.config.max_position_embeddings)
    end, padding = tokenizer.eos_token_id, tokenizer.pad_token_id
    for settings in (model.config, model.generation_config):
        settings.bos_token_id, settings.eos_token_id, settings.pad_token_id = tokenizer.bos_token_id, end, padding
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(file: Path, positions: int) -> Any:
    """The file's tokenizer, with each digit a token of its own, which the file only hints at (`tokenizer.ggml.pre: smollm`)."""
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.model_max_length = positions
    return tokenizer


if __name__ == "__main__":
    prepare(offline=True)
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
