"""What an engine's answers cost: progress on the way, a cap that stops the run, and the bill beside the forecast.

A server that reports no usage is billed by an estimate of the tokens, so that a cap holds for it as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from inference.text_engines import Completion, EngineGone, EngineParams, Generator, Request
from inference.text_engines.tokens import prompt_tokens, token_counter
from lake.harness.progress import console

_FIRST = 32  # answers after which the forecast is told again, from what they took
_PAUSE = 30.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Bill:
    """What requests took, or will: tokens of prompts and answers, seconds (None: unknown), and money at the prices given.

    estimated: of how many requests the tokens were estimated, because the engine reported none.
    """

    requests: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float | None
    money: float
    estimated: int = 0

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers."""
        return self.prompt_tokens + self.completion_tokens

    def forecast(self, requests: int) -> Bill:
        """The bill of so many requests like these.

        >>> Bill(2, 10, 4, 1.0, 0.5).forecast(6)
        Bill(requests=6, prompt_tokens=30, completion_tokens=12, seconds=3.0, money=1.5, estimated=0)
        """
        times = requests / self.requests
        prompt, completion = round(self.prompt_tokens * times), round(self.completion_tokens * times)
        seconds = None if self.seconds is None else self.seconds * times
        return Bill(requests, prompt, completion, seconds, self.money * times)

    def __str__(self) -> str:
        time = "time unknown" if self.seconds is None else _duration(self.seconds)
        money = f", {self.money:,.2f} of money" if self.money else ""
        estimated = f" (tokens of {self.estimated:,} requests estimated)" if self.estimated else ""
        tokens = f"{self.prompt_tokens:,} tokens in and {self.completion_tokens:,} out"
        return f"{self.requests:,} requests, {tokens}, {time}{money}{estimated}"


@dataclass
class _Count:
    """What was answered so far."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0
    sent: dict[str, Request] = field(default_factory=dict[str, Request])  # and not answered yet


class MeteredEngine:
    """An engine whose answers are counted, and which reads no more requests once a cap of its params is reached.

    clock: seconds. forecast: what was told before anything was sent.
    """

    def __init__(self, engine: Generator, params: EngineParams, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._params = params
        self._clock = clock
        self._started = self._told = clock()
        self._count = _Count()
        self.forecast: Bill | None = None
        self.model = engine.model
        self.cached = engine.cached

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """What the engine answers; EngineGone when a cap is reached, after what was already sent is answered."""
        waiting = iter(requests)
        for completion in self._engine.generate(self._within_caps(waiting)):
            self._counted(completion)
            yield completion
        if (reached := self._cap()) and next(waiting, None):
            raise EngineGone(f"{reached} is reached after {self.bill}: run again to go on, what was answered is kept")

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()

    @property
    def bill(self) -> Bill:
        """What was answered so far."""
        count = self._count
        money = self.price(count.prompt_tokens, count.completion_tokens)
        return Bill(count.requests, count.prompt_tokens, count.completion_tokens, self._seconds, money, count.estimated)

    @cached_property
    def token_count(self) -> Callable[[str], int]:
        """Counts the tokens of a text, by the model's tokenizer where it is at hand."""
        return token_counter(self._params)

    def price(self, prompt: int, completion: int) -> float:
        """The money for so many tokens of prompts and answers."""
        return (prompt * self._params.prompt_price + completion * self._params.completion_price) / 1e6

    def foretell(self, forecast: Bill) -> None:
        """Tells the forecast, and keeps it beside the bill; before anything is sent."""
        self.forecast = forecast
        console().print(f"  forecast: about {forecast}", style="dim")

    @property
    def _seconds(self) -> float:
        return self._clock() - self._started

    def _within_caps(self, waiting: Iterator[Request]) -> Iterator[Request]:
        while not self._cap() and (request := next(waiting, None)):
            self._count.sent[request.id] = request
            yield request

    def _cap(self) -> str:
        """The cap that is reached, "" where none is."""
        bill, params = self.bill, self._params
        if params.most_tokens is not None and bill.tokens >= params.most_tokens:
            return f"The cap of {params.most_tokens:,} tokens"
        if params.most_money is not None and bill.money >= params.most_money:
            return f"The cap of {params.most_money:,.2f} of money"
        if params.most_hours is not None and self._seconds >= 3600 * params.most_hours:
            return f"The cap of {params.most_hours:g} hours"
        return ""

    def _counted(self, completion: Completion) -> None:
        count, request = self._count, self._count.sent.pop(completion.id)
        tokens = (completion.prompt_tokens, completion.completion_tokens)
        if completion.text is not None and not completion.prompt_tokens:  # no model answers a prompt without tokens
            tokens = (prompt_tokens(request, self.token_count), self.token_count(completion.text))
            count.estimated += 1
        count.requests += 1
        count.prompt_tokens += tokens[0]
        count.completion_tokens += tokens[1]
        if count.requests == _FIRST and self.forecast:
            again = self.bill.forecast(max(count.requests, self.forecast.requests))
            console().print(f"  after {_FIRST} answers: about {again}", style="dim")
        if self._clock() - self._told >= _PAUSE:
            self._told = self._clock()
            console().print(f"  {progress(self.bill, self.forecast)}", style="dim")


def progress(bill: Bill, forecast: Bill | None) -> str:
    """One line about a run that goes on: requests, tokens a second, and the time left where the number of requests was foretold.

    >>> progress(Bill(100, 9000, 1000, 50.0, 0.0), Bill(400, 40_000, 4000, None, 0.0))
    '100 of about 400 requests, 200 tokens/s, about 2 min 30 s left'
    """
    speed = f"{tokens_per_second(bill):,.0f} tokens/s"
    if forecast is None or forecast.requests < bill.requests:
        return f"{bill.requests:,} requests, {speed}"
    left = _duration((bill.seconds or 0.0) * (forecast.requests / bill.requests - 1))
    return f"{bill.requests:,} of about {forecast.requests:,} requests, {speed}, about {left} left"


def tokens_per_second(bill: Bill) -> float:
    """Tokens of prompts and answers in a second."""
    return bill.tokens / max(bill.seconds or 0.0, 1e-9)


def billed(engine: Generator, kept: int) -> dict[str, float]:
    """Figures for a stage's report, told in one line as well: what the answers took, in all and for each row kept, and the forecast."""
    if not isinstance(engine, MeteredEngine) or not engine.bill.requests:
        return {}
    bill, forecast = engine.bill, engine.forecast
    per_kept = bill.tokens / kept if kept else 0.0
    console().print(f"  bill: {bill}; {per_kept:,.0f} tokens for each of {kept:,} rows kept", style="dim")
    figures = {
        "requests": bill.requests,
        "prompt_tokens": bill.prompt_tokens,
        "completion_tokens": bill.completion_tokens,
        "tokens_per_second": tokens_per_second(bill),
        "tokens_per_kept": per_kept,
        "money": bill.money,
        "money_per_kept": bill.money / kept if kept else 0.0,
        "estimated_requests": bill.estimated,
        "forecast_requests": forecast.requests if forecast else 0,
        "forecast_tokens": forecast.tokens if forecast else 0,
        "forecast_money": forecast.money if forecast else 0.0,
        "forecast_seconds": (forecast.seconds or 0.0) if forecast else 0.0,
        "seconds_asking": bill.seconds or 0.0,
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
