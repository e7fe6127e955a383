"""The unpacked model is the packaged one: tokens, likelihood and greedy answers as llama.cpp has them of the same file.

What llama.cpp says was taken once, by hand, with llama-cpp-python 0.3.36, the runtime that the package was made for (float32 sums over
weights of four bits and activations of eight, where transformers has float32 for all).
"""

import os
from pathlib import Path
from typing import Any

import pytest

from lake.harness.environment import prepare
from lake.models.embedded import embedded_folder
from lake.settings import settings

prepare(offline=True)

TOKENS = {
    "In 1998 there were 12,345 birds.": [788, 216, 33, 41, 41, 40, 665, 592, 216, 33, 34, 28, 35, 36, 37, 4255, 30],
    "  42  is  7": [256, 36, 34, 216, 314, 256, 39],
    "line\n\n 12\t x9y": [1311, 8866, 33, 34, 197, 1792, 41, 105],
    "naïve 日本 🙂": [3546, 46494, 17097, 241, 115, 40993, 47526],
    "don't stop": [12420, 982, 2853],
    "<|im_start|>user\nhi 3<|im_end|>\n": [1, 4093, 198, 6004, 216, 35, 2, 198],
    "½ ²  ٣٤ Ⅻ 12th": [16738, 216, 19133, 256, 164, 113, 164, 114, 216, 173, 223, 121, 216, 33, 34, 373],
}
PARAGRAPH = (
    "The kettle is one of the oldest tools in the kitchen. Water is poured in, the lid is closed, and heat from the stove brings it "
    "to the boil within a few minutes."
)
NATS_A_TOKEN = 3.1396  # of the paragraph, the first token left out
ANSWERS = {
    "Name three colours.": "1. Red: This is the most obvious colour, but it's also the most versatile. Red is a colour that",
    "How many legs do 3 spiders have?": "1. The first spider has 3 legs.\n2. The second spider has 2 legs.\n3.",
    "Write one sentence about bread.": "Bread is a staple of the Mediterranean diet, with a rich history of being a staple of the "
    "Mediterranean diet.<|im_end|>",
}


@pytest.fixture(scope="module")
def folder() -> Path:
    return embedded_folder(settings().cache)


@pytest.fixture(scope="module")
def loaded() -> tuple[Any, Any]:
    from trainers import checkpoint

    return checkpoint.load("embedded")


def test_it_is_safetensors_configuration_and_words_and_nothing_that_runs(folder: Path) -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert {path.name for path in folder.iterdir()} == {
        "model.safetensors", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "chat_template.jinja",
    }  # fmt: skip


def test_texts_are_cut_into_the_same_tokens(loaded: tuple[Any, Any]) -> None:
    _, tokenizer = loaded
    assert {text: tokenizer(text)["input_ids"] for text in TOKENS} == TOKENS
    assert {text: tokenizer.decode(ids) for text, ids in TOKENS.items()} == {text: text for text in TOKENS}
    assert (tokenizer.eos_token, tokenizer.pad_token, tokenizer.model_max_length) == ("<|im_end|>", "<|im_end|>", 8192)


def test_a_paragraph_is_as_likely(loaded: tuple[Any, Any]) -> None:
    import torch

    model, tokenizer = loaded
    tokens = torch.tensor([tokenizer(PARAGRAPH)["input_ids"]])
    with torch.inference_mode():
        found = float(model(input_ids=tokens, labels=tokens).loss)
    assert found == pytest.approx(NATS_A_TOKEN, rel=0.005)


def test_greedy_answers_are_the_same_and_end_by_themselves(loaded: tuple[Any, Any]) -> None:
    import torch

    model, tokenizer = loaded
    found: dict[str, str] = {}
    for question in ANSWERS:
        turns = [{"role": "user", "content": question}]
        prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        with torch.inference_mode():
            output = model.generate(**prompt, max_new_tokens=24, do_sample=False)
        found[question] = tokenizer.decode(output[0, prompt["input_ids"].shape[1] :])
    assert found == ANSWERS
