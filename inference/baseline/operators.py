"""The operators that make a text weak, each on its share of the text's units (method, section 2.1, steps 3 and 5).

An operator either keeps every unit of its share word for word and spoils what stands around them, or loses some of what they say.
Variants of one target are shared out so that each unit stands in one that keeps it (inference.baseline.degrade).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from inference.baseline.fences import FENCE, stretches, without_blocks
from inference.baseline.spoiling import beginning, half_of_code, mistyped, opened_small, without_figures
from inference.baseline.units import Unit, told
from inference.baseline.verbs import states
from texts.words import content_words, sentences, words

_REASON = re.compile(r",? (?:because|since|so that|in order to|as a result|which means|therefore|hence|thus)\b[^.;。]*")
_ASIDE = re.compile(
    rf"\s*\([^()]*\)|,? (?:which|such as|for example|e\.g\.|i\.e\.|unless|although|while)\b[^,.;]*|{_REASON.pattern}"
)
_SPACED = re.compile(r"\s+([.,;])")
_CONDITION = re.compile(r"(?:If|When|Unless|While|Although|Though|Since|Because|After|Before|Until|Once|As)\b")
_CLAUSE = re.compile(r"[,;，；、]")
_CLAUSE_MARK = re.compile(r"([,;，；、.。])")
_BULLET = re.compile(r"\A(?:[-*•]|\d+[.)])\s+")  # at the start alone: "(1877 - 1959) was" has none
# what inference.baseline.statements takes off again: openings, and sentences at the end that say nothing
_OPENERS = ("Basically, ", "Well, ", "So, ", "Ok so, ", "As far as I remember: ", "Short answer: ")
_CLOSERS = ("That's about it.", "Hope this helps!", "Not sure about the rest.", "That's all I have.")
_RECAPS = ("In short, {0}", "As said, {0}", "So again, {0}")
_TRAILS = ("and so on ...", "etc ...", "and then ...")
_LONGEST_RECAP = 12  # words: what is longer nobody says again
_HEDGES = ("or so", "or something like that", "as far as I know", "I think")


@dataclass(frozen=True)
class Share:
    """The units of a text, and the places of those that fall to one variant."""

    whole: Sequence[Unit]
    places: Sequence[int]

    @property
    def is_code(self) -> bool:
        """Whether it is nothing but code."""
        return all(self.whole[place].code for place in self.places)

    @property
    def text(self) -> str:
        """The units of the share as they stand in the text."""
        return told(self.whole, self.places)


def fragment(share: Share, rng: random.Random) -> str:
    """The share as it is: the rest is missing."""
    return share.text


def redundant(share: Share, rng: random.Random) -> str:
    """The share, and what one of its units comes to said again; a closing phrase where that is long."""
    unit = share.whole[rng.choice(share.places)]
    again = unit.text if unit.code else _first_clause(_BULLET.sub("", unit.text, count=1)).rstrip(".")
    if not unit.code and len(words(again)) > _LONGEST_RECAP:
        return f"{share.text}{_gap(unit)}{rng.choice(_CLOSERS)}"
    return f"{share.text}{_again(again, rng.choice(_RECAPS), unit.code)}"


def _again(text: str, recap: str, code: bool) -> str:
    if code:
        return f"\n{recap.format('').rstrip(', :')}:\n{text}"
    return f" {recap.format(opened_small(_BULLET.sub('', text, count=1)).rstrip('.'))}."


def cut_off(share: Share, rng: random.Random) -> str:
    """The share, and the beginning of another unit, which breaks off behind a clause."""
    others = [place for place in range(len(share.whole)) if place not in share.places]
    after = [place for place in others if place > max(share.places)]
    if not others:
        return f"{share.text}\n..." if share.is_code else f"{share.text.rstrip('.')}, {rng.choice(_TRAILS)}"
    following = share.whole[after[0] if after else rng.choice(others)]
    return f"{share.text}{_gap(following)}{beginning(following.text, rng)} ..."


def noted(share: Share, rng: random.Random) -> str:
    """The share as somebody takes notes: a line for each unit, without its stop; lines and code stand as they are."""
    told = [share.whole[place] for place in share.places]
    if any(one.code or one.opens_line for one in told):
        return share.text.rstrip(".")
    return "\n".join(f"{'- ' * (len(told) > 1)}{one.text.rstrip('.')}" for one in told)


def run_on(share: Share, rng: random.Random) -> str:
    """The share in one breath: its units joined by commas, the first word of each small where it is no name; not what depends on a condition."""
    if any(share.whole[place].code or share.whole[place].opens_line for place in share.places):
        return fragment(share, rng)
    first, *others = (share.whole[place].text for place in share.places)
    told = opened_small(first)
    for text in others:
        told = f"{told} {text}" if _CONDITION.match(text) else f"{told.rstrip('.')}, {opened_small(text)}"
    return told.rstrip(".")


def padded(share: Share, rng: random.Random) -> str:
    """The share behind an opening that says nothing."""
    opener = rng.choice(_OPENERS)
    return (
        f"{opener.strip()}\n{share.text}"
        if _BULLET.match(share.text) or share.is_code
        else f"{opener}{opened_small(share.text)} {rng.choice(_CLOSERS)}"
    )


def vague(share: Share, rng: random.Random) -> str:
    """Years become "at some point", other figures "some", and the wording hedges; without any, the last clause is lost."""
    clear = _without_code(share.text)
    if share.is_code:
        return f"{rng.choice(_OPENERS).rstrip(', :')}:\n{clear}"
    blurred = without_figures(clear)
    if blurred == clear:
        blurred = "".join(_CLAUSE_MARK.split(clear)[:-3]) or beginning(clear, rng)
    return f"{rng.choice(_OPENERS)}{opened_small(blurred).rstrip('.,;: ')}, {rng.choice(_HEDGES)}."


def drop_details(share: Share, rng: random.Random) -> str:
    """No asides, reasons, examples or figures, and without the sentence that says most; of a single one its first clause."""
    if share.is_code:
        return _shortened(share.text)
    said = sentences(_without_code(share.text))
    fullest = max(said, key=lambda sentence: (len(set(content_words(sentence))), sentence))
    rest = (sentence for sentence in said if sentence != fullest)
    bare = "".join(f"{chr(10) if _BULLET.match(one) else ' '}{one}" for one in rest).strip() or _first_clause(fullest)
    return _SPACED.sub(r"\1", without_figures(_ASIDE.sub("", bare))).rstrip(".。") + "."


def reasoning_cut(share: Share, rng: random.Random) -> str:
    """What it comes to, without the way there: the last unit alone, and no reason in it."""
    last = _shortened(share.whole[share.places[-1]].text)
    if share.whole[share.places[-1]].code:
        return last
    return _REASON.sub("", last) if _REASON.search(last) else f"{_first_clause(last).rstrip('.。')}."


def typos(share: Share, rng: random.Random) -> str:
    """Mistyped words, the prose in lower case, a stop lost; code is as it was, but for its end."""
    told = [one.text if one.is_code else mistyped(one.text, rng).lower() for one in stretches(share.text)]
    return _shortened("".join(told)) if share.is_code else "".join(told).replace(". ", " ", 1).rstrip(".。")


KEEPING: Mapping[str, Callable[[Share, random.Random], str]] = MappingProxyType(
    {
        "fragment": fragment,
        "redundant": redundant,
        "cut_off": cut_off,
        "padded": padded,
        "noted": noted,
        "run_on": run_on,
    }
)
LOSING: Mapping[str, Callable[[Share, random.Random], str]] = MappingProxyType(
    {"vague": vague, "drop_details": drop_details, "reasoning_cut": reasoning_cut, "typos": typos}
)
OPERATORS = MappingProxyType({**KEEPING, **LOSING})


def _shortened(text: str) -> str:
    """The text with each block of code cut in half."""
    return "".join(f"{half_of_code(one.text)}\n{FENCE}" if one.is_code else one.text for one in stretches(text))


def _without_code(text: str) -> str:
    """The text without its blocks of code, half of the code where there is nothing else: spoilt code says nothing at all."""
    return without_blocks(text).strip() or _shortened(text)


def _first_clause(text: str) -> str:
    """The text up to the first mark of a clause that stands in no bracket and has a verb before it, as far as English tells."""
    for found in _CLAUSE.finditer(text):
        clause = text[: found.start()]
        if clause.count("(") == clause.count(")") and (states(clause) or found[0] not in ",;"):
            return clause
    return text


def _gap(unit: Unit) -> str:
    return "\n" if unit.opens_line or unit.code else " "
