"""Whether a judge ranks what is worse below what is better: the share of probes it puts below the honest answer, by kind.

A judge is anything that scores texts of groups: a rating, a gate, a reward, a promotion score. Of each pair (honest answer, probe made
from it) only the order counts; equal is not below. Intervals are Wilson's (1927), at 95 %.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import sqrt

from texts.formats import FORMATS
from texts.grounding import grounding
from texts.probes import PROBES, Honest, Probe, others_of, probes
from texts.words import sentences

LEAST_SHARE = 0.95
LEAST_PAIRS = 20  # of a kind; fewer prove nothing
_Z = 1.959964

# the scores of texts, each of the honest answer it belongs to
Judge = Callable[[Sequence[Honest], Sequence[str]], Sequence[float]]


@dataclass(frozen=True)
class Audited:
    """Of one kind of probe: how many pairs, and of how many the probe scored lower than the honest answer."""

    kind: str
    pairs: int
    below: int

    @property
    def share(self) -> float:
        """The share of pairs in the right order; 1 for no pair."""
        return self.below / self.pairs if self.pairs else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the share."""
        return wilson(self.below, self.pairs)

    @property
    def told(self) -> str:
        """The share as part of a sentence."""
        return f"of {self.pairs} answers with {self.kind} it puts {self.share:.0%} below the honest ones, and {LEAST_SHARE:.0%} are needed"

    @property
    def failed(self) -> bool:
        """Whether enough pairs show that the share is below the least one: the whole interval is."""
        return self.pairs >= LEAST_PAIRS and self.interval[1] < LEAST_SHARE


def audit(judge: Judge, honest: Sequence[Honest], kinds: Mapping[str, Probe] = PROBES) -> list[Audited]:
    """The judge's order on every probe of these kinds of the honest answers, by kind; those it gives nothing are no part of it."""
    pairs = [(one, kind, text) for one in honest for kind, text in probes(one, kinds)]
    own = dict(zip((one.text for one in honest), judge(honest, [one.text for one in honest]), strict=True))
    scores = judge([one for one, _, _ in pairs], [text for *_, text in pairs])
    counted: dict[str, list[bool]] = {}
    for (one, kind, _), score in zip(pairs, scores, strict=True):
        if own[one.text] > 0:
            counted.setdefault(kind, []).append(score < own[one.text])
    return [Audited(kind, len(below), sum(below)) for kind, below in counted.items()]


def weakest(found: Sequence[Audited]) -> Audited | None:
    """The kind with the least share among those with enough pairs."""
    return min((one for one in found if one.pairs >= LEAST_PAIRS), key=lambda one: one.share, default=None)


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The interval of a share at 95 %; the whole of 0..1 for no trial."""
    if not trials:
        return 0.0, 1.0
    share, slack = hits / trials, _Z * _Z / trials
    centre = (share + slack / 2) / (1 + slack)
    half = _Z * sqrt(share * (1 - share) / trials + slack / (4 * trials)) / (1 + slack)
    return max(0.0, centre - half), min(1.0, centre + half)


def honest_of(rows: Iterable[Mapping[str, object]], most: int) -> list[Honest]:
    """At most `most` honest answers from MIXTURE rows: of each target what its members support.

    A row of which two statements or fewer are left is passed over, and so is a type without a field for prose.
    """
    made = list(islice((one for row in rows if (one := _supported(row)) is not None), most))
    texts = others_of([one[1] for one in made])
    return [Honest(*one[:3], other, one[3]) for one, other in zip(made, texts, strict=True)]


def _supported(row: Mapping[str, object]) -> tuple[str, str, tuple[str, ...], str] | None:
    kind, members = str(row["item_type"]), tuple(row["members"])  # type: ignore[arg-type]
    fields = FORMATS[kind].parse(str(row["target"]))
    if fields is None:
        return None
    last = [*fields][-1]
    lost = {one.statement for one in grounding(members, str(row["target"])).unsupported}
    kept = [sentence for sentence in sentences(fields[last]) if sentence.removeprefix("- ") not in lost]
    if len(kept) < 3 or lost & {fields[name] for name in fields if name != last}:
        return None
    text = FORMATS[kind].render(fields | {last: " ".join(kept)})
    return None if grounding(members, text).unsupported else (kind, text, members, str(row["target"]))
