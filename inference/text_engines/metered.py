"""What an engine's answers cost: a forecast from the first of them, progress on the way, a cap that stops the run, and the bill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from inference.text_engines import Completion, EngineGone, EngineParams, Generator, Request
from lake.harness.progress import console

_SAMPLE = 32  # answers that a forecast is made from
_PAUSE = 30.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Bill:
    """What requests took: tokens of prompts and answers, seconds, and money at the prices given."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    money: float

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers."""
        return self.prompt_tokens + self.completion_tokens

    def forecast(self, requests: int) -> Bill:
        """The bill of so many requests like these.

        >>> Bill(2, 10, 4, 1.0, 0.5).forecast(6)
        Bill(requests=6, prompt_tokens=30, completion_tokens=12, seconds=3.0, money=1.5)
        """
        times = requests / self.requests
        prompt, completion = round(self.prompt_tokens * times), round(self.completion_tokens * times)
        return Bill(requests, prompt, completion, self.seconds * times, self.money * times)

    def __str__(self) -> str:
        money = f", {self.money:,.2f} of money" if self.money else ""
        return f"{self.requests:,} requests, {self.tokens:,} tokens, {_duration(self.seconds)}{money}"


class MeteredEngine:
    """An engine whose answers are counted, and which reads no more requests once a cap of its params is reached.

    expected: how many requests there will be at most, where that is known. clock: seconds.
    """

    def __init__(
        self, engine: Generator, params: EngineParams, expected: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._params = params
        self._expected = expected
        self._clock = clock
        self._started = self._told = clock()
        self._requests = self._prompt_tokens = self._completion_tokens = 0
        self.forecast: Bill | None = None
        self.model = engine.model
        self.cached = engine.cached

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """What the engine answers; EngineGone when a cap is reached, after what was already sent is answered."""
        waiting = iter(requests)
        for completion in self._engine.generate(self._within_caps(waiting)):
            self._count(completion)
            yield completion
        if (reached := self._cap()) and next(waiting, None):
            raise EngineGone(f"{reached} is reached after {self.bill}: run again to go on, what was answered is kept")

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()

    @property
    def bill(self) -> Bill:
        """What was answered so far."""
        prices = (self._params.prompt_price, self._params.completion_price)
        money = (self._prompt_tokens * prices[0] + self._completion_tokens * prices[1]) / 1e6
        seconds = self._clock() - self._started
        return Bill(self._requests, self._prompt_tokens, self._completion_tokens, seconds, money)

    def _within_caps(self, waiting: Iterator[Request]) -> Iterator[Request]:
        while not self._cap() and (request := next(waiting, None)):
            yield request

    def _cap(self) -> str:
        """The cap that is reached, "" where none is."""
        bill, params = self.bill, self._params
        if params.most_tokens is not None and bill.tokens >= params.most_tokens:
            return f"The cap of {params.most_tokens:,} tokens"
        if params.most_money is not None and bill.money >= params.most_money:
            return f"The cap of {params.most_money:,.2f} of money"
        if params.most_hours is not None and bill.seconds >= 3600 * params.most_hours:
            return f"The cap of {params.most_hours:g} hours"
        return ""

    def _count(self, completion: Completion) -> None:
        self._requests += 1
        self._prompt_tokens += completion.prompt_tokens
        self._completion_tokens += completion.completion_tokens
        if self._requests == _SAMPLE and self._expected:
            self.forecast = self.bill.forecast(self._expected)
            console().print(f"  forecast: at most {self.forecast}", style="dim")
        if self._clock() - self._told >= _PAUSE:
            self._told = self._clock()
            console().print(f"  {progress(self.bill, self._expected)}", style="dim")


def progress(bill: Bill, expected: int | None) -> str:
    """One line about a run that goes on: requests, tokens a second, and the time left where the number of requests is known.

    >>> progress(Bill(100, 9000, 1000, 50.0, 0.0), 400)
    '100 of 400 requests, 200 tokens/s, at most 2 min 30 s left'
    """
    of = f" of {expected:,}" if expected else ""
    line = f"{bill.requests:,}{of} requests, {bill.tokens / max(bill.seconds, 1e-9):,.0f} tokens/s"
    if not expected:
        return line
    return f"{line}, at most {_duration(bill.forecast(expected).seconds - bill.seconds)} left"


def billed(engine: Generator, kept: int) -> dict[str, float]:
    """Figures for a stage's report: what the answers took, in all and for each row that was kept, and what was forecast."""
    if not isinstance(engine, MeteredEngine) or not engine.bill.requests:
        return {}
    bill, forecast = engine.bill, engine.forecast
    figures = {
        "requests": bill.requests,
        "prompt_tokens": bill.prompt_tokens,
        "completion_tokens": bill.completion_tokens,
        "tokens_per_second": bill.tokens / max(bill.seconds, 1e-9),
        "tokens_per_kept": bill.tokens / kept if kept else 0.0,
        "money": bill.money,
        "forecast_tokens": forecast.tokens if forecast else 0,
        "forecast_money": forecast.money if forecast else 0.0,
    }
    return {name: float(figure) for name, figure in figures.items() if figure}


def _duration(seconds: float) -> str:
    """
    >>> _duration(9000), _duration(150), _duration(5)
    ('2 h 30 min', '2 min 30 s', '5 s')
    """
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"
