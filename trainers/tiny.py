"""A small Qwen2-shaped chat model from scratch, with a tokenizer and a chat template of its own.

It shows that a training chain works; a few million weights know nothing, so its answers have form and little content.
"""

import re
from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM, set_seed

from texts.formats import FORMATS
from trainers.recipes import Architecture

PAD, START, END = "<|pad|>", "<|start|>", "<|end|>"
_MARKER = re.compile(r"^[A-Z]\w*[:)]", re.MULTILINE)
_SHARPNESS, _STRENGTH = 8.0, 3.0
_CONFIDENCE = 5.0  # scale of the first logits: at the usual 1 the tied embeddings' are too flat to copy, and a step moves a norm little
_TAGS = ("<think>", "</think>", "<answer>", "</answer>")
# nothing follows the end-of-turn token of an answer, so the last thing learned is to stop
_TEMPLATE = (
    "{% for message in messages %}" + START + "{{ message['role'] }}\n{{ message['content'] }}" + END + "{% endfor %}"
    "{% if add_generation_prompt %}" + START + "assistant\n{% endif %}"
)


def tokenizer_from(texts: Iterable[str], vocabulary: int, positions: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer trained on `texts`: at most `vocabulary` tokens, the same for the same texts in any order.

    The answer tags and the item types' markers are one token each, and stay visible when special tokens are left out.
    """
    marks = [*_TAGS, *sorted({mark for form in FORMATS.values() for mark in _MARKER.findall(form.form)})]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(marks),
        special_tokens=[PAD, START, END],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    bpe.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in marks])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token=END, pad_token=PAD, chat_template=_TEMPLATE, model_max_length=positions
    )


def model_from(architecture: Architecture, tokenizer: PreTrainedTokenizerFast, seed: int) -> Qwen2ForCausalLM:
    """A randomly initialised model for `tokenizer`; the same weights for the same seed."""
    set_seed(seed)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=architecture.hidden_size,
        intermediate_size=3 * architecture.hidden_size,
        num_hidden_layers=architecture.layers,
        num_attention_heads=architecture.heads,
        num_key_value_heads=architecture.heads,
        max_position_embeddings=architecture.positions,
        initializer_range=architecture.hidden_size**-0.5,  # the usual 0.02 makes so narrow a model learn late
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.vocab[END],
        pad_token_id=tokenizer.vocab[PAD],
    )
    model = Qwen2ForCausalLM(config)
    _teach_copying(model)
    return model


@torch.no_grad()
def _teach_copying(model: Any) -> None:
    """Starts a model whose first two layers copy: after two tokens, what followed them earlier (induction heads, Olsson 2022).

    A distilled answer repeats much of its members, and a minute's training has no time to find out how. Layer 0 notes at
    each position the tokens one and two back; layer 1 seeks the positions whose notes match. All other branches start
    silent, and every weight is trained on.
    """
    for layer in model.model.layers:
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    notes, seeks = model.model.layers[0].self_attn, model.model.layers[1].self_attn
    width = notes.head_dim
    axes = torch.linalg.qr(torch.randn(model.config.hidden_size, model.config.hidden_size)).Q
    token, one_back, two_back = axes[: 3 * width].split(width)
    # positions turn the slow half of the frequencies too little to matter: there, a match counts however far back it is
    slow = (torch.arange(width) % (width // 2) >= width // 4).unsqueeze(1)
    for head, (sought, noted) in enumerate(((token, one_back), (one_back, two_back))):
        rows = slice(head * width, (head + 1) * width)
        _look_back(model, head, head + 1)
        notes.v_proj.weight[rows] = token
        notes.o_proj.weight[:, rows] = noted.T / width**0.5
        seeks.q_proj.weight[rows] = _STRENGTH * sought * slow
        seeks.k_proj.weight[rows] = _STRENGTH * noted * slow
        seeks.v_proj.weight[rows] = token
        seeks.o_proj.weight[:, rows] = token.T


def _look_back(model: Any, head: int, offset: int) -> None:
    """Points a head of layer 0 `offset` tokens back, by its biases: turned by position, their product peaks there."""
    attention = model.model.layers[0].self_attn
    width = attention.head_dim
    fast = model.model.rotary_emb.inv_freq[: width // 4]
    first = slice(head * width, head * width + len(fast))
    second = slice(first.start + width // 2, first.stop + width // 2)
    attention.k_proj.bias[first] = _SHARPNESS
    attention.q_proj.bias[first] = _SHARPNESS * torch.cos(offset * fast)
    attention.q_proj.bias[second] = -_SHARPNESS * torch.sin(offset * fast)


def untrained(
    architecture: Architecture, texts: Iterable[str], seed: int
) -> tuple[Qwen2ForCausalLM, PreTrainedTokenizerFast]:
    """An untrained model of this architecture, with logits sharp enough to copy by, and a tokenizer trained on `texts`."""
    tokenizer = tokenizer_from(texts, architecture.vocabulary, architecture.positions)
    model = model_from(architecture, tokenizer, seed)
    torch.nn.init.constant_(model.model.norm.weight, _CONFIDENCE)
    return model, tokenizer
