"""vLLM on a CPU or on GPUs, in processes of its own: one, or several side by side with a GPU each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from inference.text_engines import POISON, UNAVAILABLE, Completion, EngineParams, Request
from inference.text_engines.supervised import SupervisedEngine
from lake.errors import UserError
from lake.ids import content_id, sha256_file
from lake.models.named import model_folder

if TYPE_CHECKING:
    from vllm import LLM, SamplingParams
    from vllm.lora.request import LoRARequest
    from vllm.outputs import RequestOutput

# what can change an answer: weights, configuration, tokenizer and chat template
_DIGESTED = ("*.safetensors", "*.json", "*.jinja")
_ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")


def vllm_engine(params: EngineParams) -> SupervisedEngine:
    """Chat completions by a checkpoint in safetensors with a chat template, and by a LoRA adapter on it where one is named.

    model: hash of the files of checkpoint and adapter, and of the type the weights are loaded in.
    """
    params = params.model_copy(update={"model": str(model_folder(params.model)), "dtype": _dtype(params.dtype)})
    digest = checkpoint_digest(Path(params.model), params.dtype)
    if params.adapter:
        digest = content_id("vllm", digest, checkpoint_digest(_adapter_folder(params.adapter)))
    models = [partial(VllmModel, params, number) for number in range(params.processes)]
    return SupervisedEngine(digest, models, params.timeout_seconds, params.start_seconds)


class VllmModel:
    """The model inside the engine's process: requests are added, and every step gives each a token.

    number: of its process among those side by side. room: as many requests as vLLM computes at once, and an eighth more, so that none
    of its places waits for the next request.
    """

    def __init__(self, params: EngineParams, number: int = 0) -> None:
        set_environment(params, number)
        self._llm = _load(params)
        self._adapter = _adapter(params.adapter)
        self._limit = self._llm.model_config.max_model_len
        self._answers: dict[str, list[str]] = {}  # the pieces of text so far
        self._tokens: dict[str, int] = {}
        self._refused: list[Completion] = []
        self.room = self._llm.llm_engine.vllm_config.scheduler_config.max_num_seqs * 9 // 8

    @property
    def busy(self) -> bool:
        """Whether anything that was added is not answered."""
        return bool(self._answers or self._refused)

    def add(self, request: Request) -> None:
        """Takes one more request; one that vLLM does not take gets an error, prompt_too_long where it does not fit the model."""
        try:
            self._add(request)
        except Exception as error:  # nothing was computed yet: it is the request's, its template's or its form's alone
            self._refused.append(Completion(request.id, error=f"{POISON}: {type(error).__name__}: {error}"))

    def _add(self, request: Request) -> None:
        tokenizer: Any = self._llm.get_tokenizer()
        text = tokenizer.apply_chat_template(list(request.messages), tokenize=False, add_generation_prompt=True)
        prompt: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(prompt) + request.max_tokens > self._limit:
            reason = f"{len(prompt)} tokens and {request.max_tokens} for the answer, the model takes {self._limit}"
            self._refused.append(Completion(request.id, error=f"prompt_too_long: {reason}", prompt_tokens=len(prompt)))
            return
        tokens: Any = {"prompt_token_ids": prompt}
        self._llm.llm_engine.add_request(request.id, tokens, _sampling(request), lora_request=self._adapter)
        self._answers[request.id] = []
        self._tokens[request.id] = 0

    def step(self) -> Sequence[Completion] | None:
        """What one pass through the model finished; None where no request got a token."""
        if self._refused:
            refused, self._refused = self._refused, []
            return refused
        outputs = cast("Sequence[RequestOutput]", self._llm.llm_engine.step())
        finished = [completion for output in outputs if (completion := self._noted(output))]
        return finished if outputs else None

    def _noted(self, output: RequestOutput) -> Completion | None:
        """The whole answer, where this output is its last piece."""
        piece = output.outputs[0]
        self._answers[output.request_id].append(piece.text)
        self._tokens[output.request_id] += len(piece.token_ids)
        if not output.finished:
            return None
        return answer_of(output, "".join(self._answers.pop(output.request_id)), self._tokens.pop(output.request_id))


def answer_of(output: RequestOutput, text: str, tokens: int) -> Completion:
    """The answer `text` of `tokens` tokens that ends with this output; what vLLM itself failed on is asked again by a later run."""
    prompt_tokens, reason = len(output.prompt_token_ids or ()), output.outputs[0].finish_reason
    if reason == "error":
        said = f"{UNAVAILABLE}: vLLM ended the answer after {tokens} tokens with an error of its own"
        return Completion(output.request_id, error=said, prompt_tokens=prompt_tokens)
    return Completion(output.request_id, text, None, prompt_tokens, tokens, reason)


def checkpoint_digest(folder: Path, dtype: str = "auto") -> str:
    """The id of a checkpoint: equal for equal files, wherever they lie."""
    parts: list[str] = [dtype]
    for path in sorted({path for pattern in _DIGESTED for path in folder.glob(pattern)}):
        parts += [path.name, sha256_file(path)]
    return content_id("vllm", *parts)


def _dtype(asked: str) -> str:
    """The weights' type: where none is asked for, the checkpoint's on a GPU, on a CPU the one that it multiplies fast.

    A CPU that does not multiply bfloat16 answers four times slower in it than in float32 (docs/measured.md).
    """
    if asked != "auto":
        return asked
    from texts.embed.embedder import device_and_dtype  # imports torch

    device, dtype = device_and_dtype()
    return asked if device == "cuda" else str(dtype).removeprefix("torch.")


def _adapter_folder(name: str) -> Path:
    folder = Path(name)
    missing = [file for file in _ADAPTER_FILES if not (folder / file).is_file()]
    if missing:
        raise UserError(
            f"The adapter {name} has no {' and no '.join(missing)}: allowed is a folder that PEFT saved, in safetensors"
        )
    return folder


def set_environment(params: EngineParams, number: int = 0) -> None:
    """Before vllm or torch is imported: one process, its GPU, no hub, no telemetry, a small cache on a CPU."""
    if params.processes > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = _gpu(params.processes, number)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the model is a folder by now
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    os.environ["VLLM_NO_USAGE_STATS"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(params.kv_cache_gib)
    # our patterns take half a second; a limit in seconds refuses them where other programs have the cores
    os.environ["VLLM_REGEX_COMPILATION_TIMEOUT_S"] = "0"
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    # threads that are tied to cores and spin while they wait are 20 times slower where anything else runs
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _gpu(processes: int, number: int) -> str:
    """The GPU of process `number`: of those that the user leaves visible, or of all."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpus = visible.split(",") if visible else [str(one) for one in range(processes)]
    if len(gpus) < processes:
        raise UserError(
            f"engine.processes is {processes}, and CUDA_VISIBLE_DEVICES leaves {len(gpus)} visible: {visible}"
        )
    return gpus[number]


def _load(params: EngineParams) -> LLM:
    from vllm import LLM
    from vllm.platforms import current_platform

    return LLM(**settings_of(params, current_platform.is_cpu()))


def settings_of(params: EngineParams, on_cpu: bool) -> dict[str, Any]:
    """What vLLM is told when it loads the model."""
    return {
        "model": params.model,
        "dtype": params.dtype,
        "max_model_len": params.max_model_len,
        "gpu_memory_utilization": params.gpu_memory_utilization,
        "enforce_eager": on_cpu,  # compiling costs a CPU more than it saves a run
        # a prompt cut into chunks sets its seed's generator back, which torch's generator for CPUs cannot: vLLM raises
        "enable_chunked_prefill": not on_cpu,
        "enable_prefix_caching": True,  # all requests of a task begin alike
        # a small model held to JSON may write blanks until its answer is cut off
        "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
        "seed": 0,  # of the engine; each request carries its own
        "load_format": "safetensors",
        "trust_remote_code": False,
        **_lora_settings(params.adapter),
    }


def _lora_settings(adapter: str) -> Mapping[str, Any]:
    """What vLLM must be told before it loads a base that an adapter will be put on."""
    if not adapter:
        return {}
    from peft import PeftConfig

    return {"enable_lora": True, "max_lora_rank": getattr(PeftConfig.from_pretrained(adapter), "r", 16)}


def _adapter(folder: str) -> LoRARequest | None:
    if not folder:
        return None
    from vllm.lora.request import LoRARequest

    return LoRARequest("adapter", 1, folder)


def _sampling(request: Request) -> SamplingParams:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    return SamplingParams(
        temperature=request.temperature,
        max_tokens=request.max_tokens,
        seed=request.seed,
        frequency_penalty=request.frequency_penalty,
        stop=list(request.stop),
        include_stop_str_in_output=True,
        structured_outputs=StructuredOutputsParams(**request.structure) if request.structure else None,
        output_kind=RequestOutputKind.DELTA,
    )
