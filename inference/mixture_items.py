"""From drafts to MIXTURE items: a good target each, its weak variants, and whether these together carry all that it says.

A target of which a statement stands in no variant would teach a distiller to invent. So every target is measured against its variants by
texts.grounding, as gold/distilled measures an item against its members; what is missing is put back into one variant, and a
target that still lacks some of it is not used.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference.baseline.degrade import needed, operators
from inference.batch import answered
from inference.mixture_params import MixtureParams
from inference.pairing import Draft
from inference.prompts import degrade
from inference.reasoning import reasoning
from inference.targets import Failure, Target, Targets
from inference.text_engines import Generator, Request
from lake.ids import content_id
from lake.storage.store import Lake
from texts.formats.distillation import answer_of, item_in
from texts.grounding import Grounding, grounding
from texts.rubric import HIGH, scores


@dataclass(frozen=True)
class Made:
    """What came of a batch: rows of gold/mixture, the drafts without, and how often a target was refused by which rule."""

    rows: list[dict[str, Any]]
    failures: list[Failure]
    refused: Counter[str]


@dataclass(frozen=True)
class Carried:
    """Variants with their operators, and what they support of the target."""

    found: Mapping[str, str]
    grounded: Grounding


@dataclass(frozen=True)
class Maker:
    """What makes items: an engine that builds and degrades, by params, with the lake's cache of answers.

    It is copied into other processes where the engine keeps nothing in a cache.
    """

    engine: Generator
    params: MixtureParams
    lake: Lake | None

    def items(self, drafts: Sequence[Draft]) -> Made:
        """A row of gold/mixture for each draft that carries one, and the others with their reasons."""
        targets = Targets(self.engine, self.params, self.lake)
        good, failures = targets.of(drafts)
        rows, without = self._rows(good)
        return Made(rows, [*failures, *without], targets.refused + Counter(one.reason for one in without))

    def _rows(self, targets: Sequence[Target]) -> tuple[list[dict[str, Any]], list[Failure]]:
        """A row for each target with enough weak, distinct variants that carry all of it, and the targets without.

        Whoever makes variants is not asked what they rate: where too many rate high, all of a target's are made again with the next seed.
        """
        rows, failures = list[dict[str, Any]](), dict[str, Failure]()
        for attempt in range(self.params.attempts):
            seeded = self.params.model_copy(update={"seed": self.params.seed + attempt})
            found = self._variants(targets, seeded)
            rated = _rated(list(dict.fromkeys(text for target in targets for text in found[target.text])))
            failures = dict[str, Failure]()
            for target in targets:
                made = self._item(target, found[target.text], rated)
                if isinstance(made, Failure):
                    failures[target.text] = made
                else:
                    rows.append(made)
            targets = [target for target in targets if target.text in failures]
        return rows, [*failures.values()]

    def _item(self, target: Target, found: Mapping[str, str], rated: Mapping[str, float]) -> dict[str, Any] | Failure:
        """The row of a target, of those of its variants that are weak."""
        # others would be no low-quality input (method, section 2.1, step 3)
        limit = min(HIGH, target.score)
        own = {text: operator for text, operator in found.items() if rated[text] < limit}
        if len(own) < self.params.min_variants:
            return Failure(target.draft, "no_variants", f"{len(own)} weak, distinct variants")
        carried = carrying(target.text, own, self.params.support, limit)
        if isinstance(carried, str):
            return Failure(target.draft, "not_derivable", carried)
        return _row(target, carried, self.engine.model)

    def _variants(self, targets: Sequence[Target], params: MixtureParams) -> dict[str, dict[str, str]]:
        """By target, its distinct variants with the operator of each."""
        asked = variants(targets, params)
        completions = answered(asked, lambda one: one[1], self.engine, self.lake, params.batch_size)
        found: dict[str, dict[str, str]] = {target.text: {} for target in targets}
        for (target, _, operator), completion in completions:
            # a variant may have lost parts of its form
            text = item_in(completion.text or "", target.item_type) or answer_of(completion.text or "")
            if text is not None and text != target.text:
                found[target.text].setdefault(text, operator)
        return found


def variants(targets: Sequence[Target], params: MixtureParams) -> Iterator[tuple[Target, Request, str]]:
    """A request for each variant of each target, with its operator.

    How many: normal with the mean of the params and a third of it as deviation, rounded, at least as many as can be weak and carry
    the target together, within the params' limits.
    """
    for target in targets:
        rng = random.Random(f"{params.seed} {target.text}")
        wanted = round(rng.gauss(params.mean_variants, params.mean_variants / 3))
        count = min(params.max_variants, max(params.min_variants, wanted, needed(target.text)))
        row, kind = target.draft.ids[0], target.item_type
        for variant, operator in enumerate(operators(kind, target.text, count, params.seed)):
            yield target, degrade(row, kind, target.text, variant, variants=count, **params.sampling), operator


def _rated(texts: Sequence[str]) -> dict[str, float]:
    """The rubric's score of each text."""
    return dict(zip(texts, scores(texts), strict=True))


def carrying(target: str, found: Mapping[str, str], support: float, limit: float = HIGH) -> Carried | str:
    """The variants with what none of them supported put back into the shortest; or, where that does not do, what is missing.

    limit: the score that no variant reaches.
    """
    grounded = grounding([*found], target)
    if grounded.score >= support:
        return Carried(found, grounded)
    missing = "\n".join(one.statement for one in grounded.unsupported)
    shortest = min(found, key=lambda text: (len(text), text))
    fuller = f"{shortest}\n{missing}"
    mended = {fuller if text == shortest else text: operator for text, operator in found.items()}
    again = grounding([*mended], target)
    if again.score >= support and scores([fuller])[0] < limit:
        return Carried(mended, again)
    lost = (again.unsupported or grounded.unsupported)[0]
    return f"no weak variant carries {lost.statement!r}: {lost.fault}"


def _row(target: Target, carried: Carried, builder: str) -> dict[str, Any]:
    texts = target.draft.texts
    ids = target.draft.ids
    found = carried.found
    return {
        "id": content_id("mix", target.item_type, target.text, *ids),
        "item_type": target.item_type,
        "split": texts[0].split,
        "clusters": sorted({one.cluster for one in texts}),
        "title": target.draft.title,
        "passage_ids": [] if target.draft.question else ids,
        "record_ids": ids if target.draft.question else [],
        "sources": list(dict.fromkeys(one.source for one in texts)),
        "licences": list(dict.fromkeys(one.licence for one in texts)),
        "members": list(found),
        "operators": list(found.values()),
        "reasoning": reasoning(carried.grounded.evidence, list(found.values())),
        "target": target.text,
        "target_score": target.score,
        "builder": builder,
    }
