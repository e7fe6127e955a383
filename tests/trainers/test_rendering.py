"""What the distiller reads is the same, token for token, where it is fine-tuned, rewarded, evaluated and served."""

from pathlib import Path
from typing import Any, cast

import pytest
import toy

from inference.prompts import distil
from inference.text_engines.vllm import VllmModel
from lake.harness.environment import prepare
from lake.models.named import model_folder
from texts.formats.distillation import completion
from trainers.grpo_recipe import GrpoRecipe
from trainers.recipes import SftRecipe

prepare(offline=True)

ROWS = [
    {"item_type": "qa", "members": ["Q: kettle?\nA: It boils <|im_end|> water.", "Tea\u2009needs 95 °C."], "target": "Q: Why?\nA: Tea."},
    {"item_type": "paragraph", "members": ["  <answer>x</answer>\n\n", "日本 12 🙂"], "target": "Two  spaces\n\nand lines."},
]  # fmt: skip


@pytest.fixture(scope="module", params=["toy", "embedded"])
def tokenizer(request: pytest.FixtureRequest, toy_sft: dict[str, Any]) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(model_folder(toy_sft["base"] if request.param == "toy" else "embedded"))


@pytest.fixture(scope="module")
def model(tokenizer: Any) -> Any:
    """A model of one layer that knows all tokens and has room for a long prompt."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return Qwen2ForCausalLM(Qwen2Config(vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1, max_position_embeddings=2048))  # fmt: skip


def test_four_stages_read_the_same_tokens(
    tokenizer: Any, model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = [_served(tokenizer, row, monkeypatch) for row in ROWS]
    assert [_fine_tuned(tokenizer, model, row, tmp_path)[0] for row in ROWS] == served
    assert _rewarded(tokenizer, model, tmp_path) == served
    assert _evaluated(tokenizer, model, monkeypatch) == served


def test_what_is_learned_is_the_completion_and_the_end_of_its_turn(tokenizer: Any, model: Any, tmp_path: Path) -> None:
    for row in ROWS:
        _, learned = _fine_tuned(tokenizer, model, row, tmp_path)
        assert tokenizer.decode(learned).rstrip("\n") == completion(row["target"]) + tokenizer.eos_token


def _conversations() -> Any:
    from datasets import Dataset

    from trainers.dataset import conversation

    return Dataset.from_list([conversation(row) for row in ROWS])


def _served(tokenizer: Any, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids that reach vLLM's engine."""
    taken: list[list[int]] = []

    class Engine:
        llm_engine = property(lambda self: self)

        def get_tokenizer(self) -> Any:
            return tokenizer

        def add_request(self, name: str, tokens: Any, *_: Any, **__: Any) -> None:
            taken.append(tokens["prompt_token_ids"])

    monkeypatch.setattr("inference.text_engines.vllm._sampling", lambda request: request)
    model = cast(Any, object.__new__(VllmModel))
    model._llm, model._adapter, model._limit, model._answers, model._tokens, model._refused = (
        Engine(),
        None,
        4096,
        {},
        {},
        [],
    )
    model.add(distil("row", row["item_type"], row["members"]))
    assert not model._refused
    return taken[0]


def _fine_tuned(tokenizer: Any, model: Any, row: dict[str, Any], folder: Path) -> tuple[list[int], list[int]]:
    """What the loss leaves out of SFT's row, and what it holds."""
    from trainers.dataset import conversation
    from trainers.sft import SftParams, _trainer  # pyright: ignore[reportPrivateUsage]

    recipe = SftRecipe.model_validate(toy.SFT | {"base": "toy", "max_length": 2048})
    from datasets import Dataset

    place = folder / str(len(list(folder.iterdir())))
    trainer = _trainer(
        model, tokenizer, Dataset.from_list([conversation(row)]), SftParams(recipe=recipe), toy.context(place)
    )
    made = trainer.train_dataset[0]
    first = next(at for at, label in enumerate(made["labels"]) if label != -100)
    assert made["labels"][first:] == made["input_ids"][first:]
    return made["input_ids"][:first], made["labels"][first:]


def _rewarded(tokenizer: Any, model: Any, folder: Path) -> list[list[int]]:
    """The prompts that GRPO completes."""
    from trl.trainer.grpo_config import GRPOConfig

    from trainers.grpo_trainer import Grpo
    from trainers.trl_setup import shared_arguments

    recipe = GrpoRecipe.model_validate(toy.GRPO | {"beta": 0.0})
    arguments = shared_arguments(recipe, 7, toy.context(folder / "grpo"))
    trainer = Grpo(
        frequency_penalty=0.0, args=GRPOConfig(**arguments), model=model, reward_funcs=[lambda completions, **_: [0.0] * len(completions)],
        train_dataset=_conversations().remove_columns("completion"), processing_class=tokenizer,
    )  # fmt: skip
    return trainer._tokenize_prompts([row["prompt"] for row in _conversations()])[0]  # pyright: ignore[reportPrivateUsage]


def _evaluated(tokenizer: Any, model: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The prompts that a checkpoint completes for its figures, without their padding."""
    from trainers.generation import Decoding, written_answers

    seen: list[list[int]] = []

    def generate(input_ids: Any, attention_mask: Any, **_: Any) -> Any:
        seen.extend(ids[mask.bool()].tolist() for ids, mask in zip(input_ids, attention_mask, strict=True))
        return input_ids

    monkeypatch.setattr(model, "generate", generate)
    prompts = [row["prompt"] for row in _conversations()]
    written_answers(model, tokenizer, prompts, Decoding(max_tokens=4))
    longest_last = sorted(range(len(prompts)), key=lambda at: len(_ids(tokenizer, prompts[at])))
    return [seen[longest_last.index(at)] for at in range(len(prompts))]


def _ids(tokenizer: Any, prompt: Any) -> list[int]:
    from trainers.dataset import prompt_ids

    return prompt_ids(tokenizer, prompt)


def test_a_recipe_can_teach_the_reasoning_before_the_answer() -> None:
    from trainers.dataset import conversation

    row = {
        "item_type": "qa",
        "members": ["Q: Rain?\nA: Wet."],
        "target": "Q: Rain?\nA: It is wet.",
        "reasoning": "From [1]: It is wet.",
    }
    plain, taught = (conversation(row, reasoning)["completion"][0]["content"] for reasoning in (False, True))
    assert taught == f"<think>From [1]: It is wet.</think>\n\n{plain}" and "think" not in plain
