"""From drafts to MIXTURE items: a good target each, its weak variants, and whether these together carry all that it says.

A target of which a statement stands in no variant would teach a distiller to invent. So every target is measured against its variants by
texts.grounding, as gold/distilled measures an item against its members; what is missing is put back into one variant, and a
target that still lacks some of it is not used.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inference.baseline.degrade import needed, operators
from inference.batch import answered
from inference.mixture_params import MixtureParams
from inference.pairing import CROSSABLE, Draft, share
from inference.prompts import build, degrade
from inference.text_engines import Completion, Generator, Request
from lake.ids import content_id, sha256_text
from lake.storage.store import Lake
from texts.formats import FORMATS
from texts.formats.distillation import answer_of, item_in
from texts.grounding import grounding
from texts.rubric import HIGH, scores


@dataclass(frozen=True)
class Target:
    """A draft with the type of its item and, once it is built, the item and its score."""

    draft: Draft
    item_type: str
    text: str = ""
    score: float = 0.0


@dataclass(frozen=True)
class Failure:
    """Why a draft carries no item: a code of lake.tables.reasons.MIXTURE_UNUSED and a sentence."""

    draft: Draft
    reason: str
    detail: str


@dataclass(frozen=True)
class Maker:
    """What makes items: an engine that builds and degrades, by params, with the lake's cache of answers.

    seen: digests of the targets there are, which it adds to: no two items share one.
    """

    engine: Generator
    params: MixtureParams
    lake: Lake
    seen: set[str]

    def items(self, drafts: Sequence[Draft]) -> tuple[list[dict[str, Any]], list[Failure]]:
        """A row of gold/mixture for each draft that carries one, and the others with their reasons."""
        given = [self._given(draft) for draft in drafts if draft.question]
        targets, failures = self._targets([draft for draft in drafts if not draft.question])
        rows, without = self._rows([*(one for one in given if isinstance(one, Target)), *targets])
        return rows, [*(one for one in given if isinstance(one, Failure)), *failures, *without]

    def _given(self, draft: Draft) -> Target | Failure:
        """A record as the target that it is, rated as the lake rated it."""
        form = FORMATS["qa"]
        try:
            text = form.render({"question": draft.question.strip(), "answer": draft.text.strip()})
        except ValueError:
            return Failure(draft, "not_buildable", "its prompt and answer cannot be told apart as one qa item")
        return self._fit(Target(draft, "qa", text, draft.texts[0].score))

    def _targets(self, drafts: Sequence[Draft]) -> tuple[list[Target], list[Failure]]:
        """One good target for each draft, of the first item type of its turn that gives one, and the drafts without."""
        todo, ready, failures = list(drafts), list[Target](), list[Failure]()
        for attempt in range(
            self.params.attempts
        ):  # each with the next item type, for drafts that none has suited so far
            typed = [Target(draft, item_type(draft, attempt, self.params)) for draft in todo]
            completions = answered(
                typed, lambda one: build_request(one, self.params), self.engine, self.lake, self.params.batch_size
            )
            judged = self._judged(completions)
            ready += [one for one in judged if isinstance(one, Target)]
            failures = [one for one in judged if isinstance(one, Failure)]
            todo = [failure.draft for failure in failures]
        return ready, failures

    def _judged(self, completions: Iterable[tuple[Target, Completion]]) -> list[Target | Failure]:
        """For each completion the target, if it holds a well-formed, good one that is not there yet."""
        found = [(one, completion, item_in(completion.text or "", one.item_type)) for one, completion in completions]
        ratings = iter(scores([text for _, _, text in found if text is not None]))
        judged: list[Target | Failure] = []
        for one, completion, text in found:
            if text is None:
                cut = "cut off: " * completion.truncated
                detail = completion.error or f"{cut}not one well-formed {one.item_type} item"
                judged.append(Failure(one.draft, "not_buildable", detail))
            else:
                judged.append(self._fit(replace(one, text=text, score=next(ratings))))
        return judged

    def _fit(self, one: Target) -> Target | Failure:
        """The target, if it is good, is not there yet and can be shared out."""
        if one.score < self.params.target_score:
            detail = f"{one.item_type} rated {one.score:.2f}, at least {self.params.target_score:.2f}"
            return Failure(one.draft, "below_target_quality", detail)
        if (most := self.params.max_variants) < needed(one.text):
            detail = f"{needed(one.text)} weak variants would have to share it out, at most {most}"
            return Failure(one.draft, "too_long", detail)
        if (digest := sha256_text(one.text)) in self.seen:
            return Failure(one.draft, "not_buildable", "its target repeats another one, or the prompt's example")
        self.seen.add(digest)
        return one

    def _rows(self, targets: Sequence[Target]) -> tuple[list[dict[str, Any]], list[Failure]]:
        """A row for each target with enough weak, distinct variants that carry all of it, and the targets without."""
        found = self._variants(targets)
        # others would be no low-quality input (method, section 2.1, step 3)
        all_weak = weak(list(dict.fromkeys(text for target in targets for text in found[target.text])))
        rows, failures = list[dict[str, Any]](), list[Failure]()
        for target in targets:
            own = {text: operator for text, operator in found[target.text].items() if text in all_weak}
            if len(own) < self.params.min_variants:
                failures.append(Failure(target.draft, "no_variants", f"{len(own)} weak, distinct variants"))
            elif isinstance(carried := carrying(target.text, own, self.params.support), str):
                failures.append(Failure(target.draft, "not_derivable", carried))
            else:
                rows.append(_row(target, carried, self.engine.model))
        return rows, failures

    def _variants(self, targets: Sequence[Target]) -> dict[str, dict[str, str]]:
        """By target, its distinct variants with the operator of each."""
        asked = variants(targets, self.params)
        completions = answered(asked, lambda one: one[1], self.engine, self.lake, self.params.batch_size)
        found: dict[str, dict[str, str]] = {target.text: {} for target in targets}
        for (target, _, operator), completion in completions:
            # a variant may have lost parts of its form
            text = item_in(completion.text or "", target.item_type) or answer_of(completion.text or "")
            if text is not None and text != target.text:
                found[target.text].setdefault(text, operator)
        return found


def item_type(draft: Draft, attempt: int, params: MixtureParams) -> str:
    """The item type whose turn it is; two passages together fit only some types."""
    types = [one for one in params.item_types if len(draft.ids) == 1 or one in CROSSABLE] or params.item_types
    return types[(int(share(params.seed, "type", draft.ids[0]) * len(types)) + attempt) % len(types)]


def build_request(one: Target, params: MixtureParams) -> Request:
    """A request for the target of a draft."""
    draft = one.draft
    return build(draft.ids[0], one.item_type, draft.title, draft.text, draft.others, **params.sampling)


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


def weak(texts: Sequence[str]) -> set[str]:
    """Those of the texts that do not rate high."""
    return {text for text, rating in zip(texts, scores(texts), strict=True) if rating < HIGH}


def carrying(target: str, found: Mapping[str, str], support: float) -> dict[str, str] | str:
    """The variants with what none of them supported put back into the shortest; or, where that does not do, what is missing."""
    grounded = grounding([*found], target)
    if grounded.score >= support:
        return dict(found)
    missing = "\n".join(one.statement for one in grounded.unsupported)
    shortest = min(found, key=lambda text: (len(text), text))
    fuller = f"{shortest}\n{missing}"
    mended = {fuller if text == shortest else text: operator for text, operator in found.items()}
    again = grounding([*mended], target)
    if again.score >= support and weak([fuller]):
        return mended
    lost = (again.unsupported or grounded.unsupported)[0]
    return f"no weak variant carries {lost.statement!r}: {lost.fault}"


def _row(target: Target, found: Mapping[str, str], builder: str) -> dict[str, Any]:
    texts = target.draft.texts
    ids = target.draft.ids
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
        "target": target.text,
        "target_score": target.score,
        "builder": builder,
    }
