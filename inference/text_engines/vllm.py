"""vLLM inside this process, on a CPU or on one GPU.

The engine never gives all its memory back, so a stage that opens it runs in a process of its own.
Does not do yet: structured output, several GPUs, adapters.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.text_engines import Completion, EngineParams, Message, Request
from lake.ids import content_id, sha256_file
from lake.models.named import model_folder

if TYPE_CHECKING:
    from vllm import LLM
    from vllm.outputs import RequestOutput

# what can change an answer: weights, configuration, tokenizer and chat template
_DIGESTED = ("*.safetensors", "*.json", "*.jinja")


class VllmEngine:
    """Chat completions by a checkpoint in safetensors with a chat template.

    model: hash of the checkpoint's files and of the type its weights are loaded in.
    """

    cached = True

    def __init__(self, params: EngineParams) -> None:
        folder = model_folder(params.model)
        self.model = checkpoint_digest(folder, params.dtype)
        _set_environment(params)
        self._llm = _load(folder, params)
        self._limit = self._llm.model_config.max_model_len

    def generate(self, requests: Sequence[Request]) -> Sequence[Completion]:
        """One completion for each request, in the same order; one that does not fit the model gets the error prompt_too_long."""
        prompts = self._tokenise([request.messages for request in requests])
        fits = [
            len(prompt) + request.max_tokens <= self._limit for prompt, request in zip(prompts, requests, strict=True)
        ]
        chosen = [at for at, fit in enumerate(fits) if fit]
        outputs = dict(
            zip(chosen, self._generate([prompts[at] for at in chosen], [requests[at] for at in chosen]), strict=True)
        )
        return [
            _completion(request.id, outputs[at]) if at in outputs else self._too_long(request, len(prompts[at]))
            for at, request in enumerate(requests)
        ]

    def close(self) -> None:
        """Shuts the engine down; what the accelerator's driver holds is given back when the process ends."""
        from vllm.distributed import cleanup_dist_env_and_memory

        self._llm.llm_engine.engine_core.shutdown()
        del self._llm
        cleanup_dist_env_and_memory()

    def _tokenise(self, chats: Sequence[Sequence[Message]]) -> list[list[int]]:
        if not chats:  # the tokenizer takes no empty batch
            return []
        tokenizer: Any = self._llm.get_tokenizer()
        texts = [
            tokenizer.apply_chat_template(list(chat), tokenize=False, add_generation_prompt=True) for chat in chats
        ]
        return tokenizer(texts, add_special_tokens=False)["input_ids"]

    def _generate(self, prompts: Sequence[list[int]], requests: Sequence[Request]) -> list[RequestOutput]:
        from vllm import SamplingParams

        if not prompts:
            return []
        sampling = [
            SamplingParams(
                temperature=request.temperature,
                frequency_penalty=request.frequency_penalty,
                max_tokens=request.max_tokens,
                seed=request.seed,
            )
            for request in requests
        ]
        return self._llm.generate([{"prompt_token_ids": prompt} for prompt in prompts], sampling, use_tqdm=False)

    def _too_long(self, request: Request, tokens: int) -> Completion:
        reason = (
            f"prompt_too_long: {tokens} tokens and {request.max_tokens} for the answer, the model takes {self._limit}"
        )
        return Completion(request.id, error=reason, prompt_tokens=tokens)


def checkpoint_digest(folder: Path, dtype: str = "auto") -> str:
    """The id of a checkpoint: equal for equal files, wherever they lie."""
    parts: list[str] = [dtype]
    for path in sorted({path for pattern in _DIGESTED for path in folder.glob(pattern)}):
        parts += [path.name, sha256_file(path)]
    return content_id("vllm", *parts)


def _set_environment(params: EngineParams) -> None:
    """Before vllm or torch is imported: one process, no hub, no telemetry, a small cache on a CPU."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the model is a folder by now
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    os.environ["VLLM_NO_USAGE_STATS"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(params.kv_cache_gib)
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    # threads that are tied to cores and spin while they wait are 20 times slower where anything else runs
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _load(folder: Path, params: EngineParams) -> LLM:
    from vllm import LLM
    from vllm.platforms import current_platform

    return LLM(
        model=str(folder),
        dtype=params.dtype,
        max_model_len=params.max_model_len,
        gpu_memory_utilization=params.gpu_memory_utilization,
        enforce_eager=current_platform.is_cpu(),  # compiling costs a CPU more than it saves a run
        seed=0,  # of the engine; each request carries its own
        load_format="safetensors",
        trust_remote_code=False,
    )


def _completion(request_id: str, output: RequestOutput) -> Completion:
    answer = output.outputs[0]
    return Completion(request_id, answer.text, None, len(output.prompt_token_ids or ()), len(answer.token_ids))
