"""An engine stays full over a whole stage: its passes through the model when the runner feeds it, and when it is given all requests at once."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest

from inference.batch import complete, in_batches
from inference.text_engines import Completion, Request

SEATS = 32  # answers that get a token in one pass
ROOM = 36  # requests that the engine takes
SHARD = 40


class Passes:
    """An engine that batches continuously, as vLLM does, and counts its passes: one for each token of an answer, shared by all seats."""

    cached = True
    model = "passes"

    def __init__(self) -> None:
        self.passes = 0

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        unread, taken = iter(requests), dict[str, int]()
        while True:
            while len(taken) < ROOM and (request := next(unread, None)):
                taken[request.id] = request.max_tokens
            if not taken:
                return
            self.passes += 1
            for name in list(taken)[:SEATS]:
                taken[name] -= 1
                if not taken[name]:
                    del taken[name]
                    yield Completion(name, "answer")

    def close(self) -> None:
        pass


def passes(*parts: list[Request], shard_size: int) -> int:
    engine = Passes()
    for part in parts:
        assert len(list(complete(part, engine, shard_size=shard_size))) == len(part)
    return engine.passes


@pytest.mark.parametrize("likely", [True, False], ids=["longer ones to longer prompts", "of any length"])
def test_a_stage_in_shards_keeps_the_engine_as_full_as_all_of_it_at_once(likely: bool) -> None:
    draw = random.Random(7)
    lengths = [draw.randrange(4, 192) for _ in range(1_000)]
    asked = [
        Request(f"row{n}", "distil", [{"role": "user", "content": f"{n} {'a' * 4 * length}"}], max_tokens=tokens)
        for n, (length, tokens) in enumerate(
            zip(lengths, lengths if likely else draw.sample(lengths, 1_000), strict=True)
        )
    ]
    at_once = passes(asked, shard_size=len(asked))
    assert passes(asked, shard_size=SHARD) <= 1.05 * at_once
    assert passes(*in_batches(asked, SHARD), shard_size=SHARD) > 1.2 * at_once, "it runs dry at the end of each shard"
