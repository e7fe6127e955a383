"""Texts that every judge must rank below an honest answer: each is that answer with one thing done to it.

A probe that an answer does not lend itself to (no figure to falsify) is left out. Nothing here knows how a judge works.
"""

import random
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from texts.probes.faults import FAULTS
from texts.probes.gaming import GAMING
from texts.probes.honest import Honest, Probe, others_of

PROBES: Mapping[str, Probe] = MappingProxyType({**FAULTS, **GAMING})

__all__ = ["FAULTS", "GAMING", "PROBES", "Honest", "Probe", "others_of", "probes"]


def probes(honest: Honest, kinds: Mapping[str, Probe] = PROBES) -> Iterator[tuple[str, str]]:
    """The kind and the text of each probe that can be made of the answer, the same for the same answer."""
    for kind, make in kinds.items():
        try:
            text = make(honest, random.Random(f"{kind} {honest.text}"))
        except ValueError:  # what came out is no item
            continue
        if text is not None and text != honest.text:
            yield kind, text
