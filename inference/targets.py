"""The good items that MIXTURE's targets are: built from passages in the type whose turn it is, or the best records as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from inference.baseline.degrade import LONG, needed
from inference.baseline.gaps import can_ask
from inference.baseline.naming import has_label
from inference.baseline.topics import names
from inference.baseline.usable import OF_PASSAGES
from inference.baseline.verdicts import can_judge
from inference.batch import answered
from inference.likeness import content
from inference.mixture_params import MixtureParams
from inference.pairing import Draft
from inference.prompts import build
from inference.record_rules import no_target
from inference.record_targets import presented
from inference.text_engines import Completion, Generator, Request
from inference.turns import Turns
from lake.ids import sha256_text
from lake.storage.store import Lake
from texts.formats import FORMATS, OF_ONE_FACT
from texts.formats.distillation import item_in
from texts.rubric import scores
from texts.words import content_words

_FORMS_DIFFER = 0.5  # in score, at most, what two types make of the same sentences
_TOLD_OF_EACH = 0.3  # of the words that one of two passages has for itself
REPEATED = "its target repeats another one, or the prompt's example"


@dataclass(frozen=True)
class Target:
    """A draft with the type of its item and, once it is built, the item and its score."""

    draft: Draft
    item_type: str
    text: str = ""
    score: float = 0.0


@dataclass(frozen=True)
class Failure:
    """Why a draft carries no item: a code of lake.tables.reasons.MIXTURE_UNUSED and a sentence.

    rule: the finer name, for counts. hopeless: whether an item of another type would not do either.
    """

    draft: Draft
    reason: str
    detail: str
    rule: str = ""
    hopeless: bool = False


@dataclass
class Targets:
    """Makes the targets of one batch of drafts, of which no two are the same and none is the example that a prompt shows.

    refused: how often a target was refused by which rule, all tries counted.
    """

    engine: Generator
    params: MixtureParams
    lake: Lake | None
    refused: Counter[str] = field(default_factory=Counter[str])
    _seen: set[str] = field(default_factory=lambda: {sha256_text(form.example) for form in FORMATS.values()})

    def of(self, drafts: Sequence[Draft]) -> tuple[list[Target], list[Failure]]:
        """One good target for each draft, of the first item type of its turns that gives one, and the drafts without."""
        known = {draft.key: self._given(draft) if draft.question else self._thin(draft) for draft in drafts}
        targets, failed = self._parted(one for one in known.values() if one)
        built, without = self._built([draft for draft in drafts if not known[draft.key]])
        return [*targets, *built], [*failed, *without]

    def _built(self, todo: Sequence[Draft]) -> tuple[list[Target], list[Failure]]:
        """Targets built from passages, and what there is to say of those without after the last try."""
        quotas, seed = self.params.quotas, self.params.seed
        # a model may ask for other facts than the rules
        turns = Turns(quotas, seed, _carries) if self.params.loads_no_model else Turns(quotas, seed)
        made, lacking = list[Target](), dict[str, Failure]()
        for _ in range(self.params.attempts):
            typed = [Target(draft, kind) for draft, kind in turns.typed(todo, (one.item_type for one in made))]
            completions = answered(typed, self._request, self.engine, self.lake, self.params.batch_size)
            good, without = self._parted(self._judged(completions))
            made += good
            lacking |= {one.draft.key: one for one in without}
            for one in good:
                lacking.pop(one.draft.key, None)
            todo = [one.draft for one in lacking.values() if not one.hopeless]
        return made, [*lacking.values()]

    def _parted(self, judged: Iterable[Target | Failure]) -> tuple[list[Target], list[Failure]]:
        """The targets, and the failures, which are counted by their rules."""
        found = list(judged)
        failures = [one for one in found if isinstance(one, Failure)]
        self.refused.update(one.rule or one.reason for one in failures)
        return [one for one in found if isinstance(one, Target)], failures

    def _request(self, one: Target) -> Request:
        return build_request(one, self.params)

    def _given(self, draft: Draft) -> Target | Failure:
        """The target that a record is, rated as the lake rated it."""
        if too_long := self._too_long(draft, draft.text):
            return too_long
        question, answer = presented(draft.question, draft.text)
        try:
            text = FORMATS["qa"].render({"question": question, "answer": answer})
        except ValueError:
            return Failure(
                draft, "not_buildable", "its prompt and answer cannot be told apart as one qa item", "no_form"
            )
        if why := no_target(question, answer, self.params.least_content):
            return Failure(draft, "not_buildable", ": ".join(why), why[0])
        return self._fit(Target(draft, "qa", text, draft.texts[0].score))

    def _thin(self, draft: Draft) -> Failure | None:
        """The failure of a passage too thin for any item, which saves building some in vain."""
        if (count := content(draft.text)) >= self.params.least_content:
            return None
        detail = f"{count} different words that carry meaning, at least {self.params.least_content}"
        return Failure(draft, "thin", detail)

    def _too_long(self, draft: Draft, text: str) -> Failure | None:
        """The failure of what would need more variants than the params allow."""
        if needed(text) <= self.params.max_variants:
            return None
        detail = f"{needed(text)} weak variants would have to share it out, at most {self.params.max_variants}"
        return Failure(draft, "too_long", detail)

    def _judged(self, completions: Iterable[tuple[Target, Completion]]) -> list[Target | Failure]:
        """For each completion the target, if it holds a well-formed, good one that is not there yet."""
        found = [(one, completion, item_in(completion.text or "", one.item_type)) for one, completion in completions]
        ratings = iter(scores([text for _, _, text in found if text is not None]))
        return [
            _unwritten(one, completion) if text is None else self._fit(replace(one, text=text, score=next(ratings)))
            for one, completion, text in found
        ]

    def _fit(self, one: Target) -> Target | Failure:
        """The target, if it is good, tells of all its passages, can be shared out and is not there yet."""
        if one.score < (least := self.params.least_score(one.item_type)):
            detail = f"{one.item_type} rated {one.score:.2f}, at least {least:.2f}"
            hopeless = one.item_type not in OF_ONE_FACT and one.score < least - _FORMS_DIFFER
            return Failure(one.draft, "below_target_quality", detail, hopeless=hopeless)
        if untold := _untold(one):
            return Failure(one.draft, "not_buildable", f"one_sided: it says nothing of {untold}", "one_sided")
        if too_long := self._too_long(one.draft, one.text):
            return too_long
        if (digest := sha256_text(one.text)) in self._seen:
            return Failure(one.draft, "not_buildable", REPEATED, "repeated")
        self._seen.add(digest)
        return one


def _carries(draft: Draft, item_type: str) -> bool:
    """Whether the rules find in it what an item of the type needs: a fact to ask for, a statement that can be made false, a category."""
    if item_type == "multiple_choice":
        return can_ask(draft.title, draft.text, draft.others)
    if item_type == "category_statement":
        return len(draft.texts) > 1 or has_label(draft.title, draft.text)
    return item_type != "true_false" or can_judge(draft.title, draft.text, draft.others)


def build_request(one: Target, params: MixtureParams) -> Request:
    """A request for the target of a draft."""
    draft = one.draft
    return build(draft.texts[0].id, one.item_type, draft.title, draft.text, draft.others, **params.sampling)


def _unwritten(one: Target, completion: Completion) -> Failure:
    """The failure of what gave no item; the rules name the rule by which they refuse one."""
    cut = "cut off: " * completion.truncated
    detail = completion.error or f"{cut}not one well-formed {one.item_type} item"
    code, _, rest = detail.partition(": ")
    rule = rest.partition(": ")[0] if code == "not_possible" else ""
    return Failure(one.draft, "not_buildable", detail, rule, hopeless=rule in OF_PASSAGES)


def _untold(one: Target) -> str:
    """The title of a passage, of two, that the item only asks about, or only names; "" where there is none."""
    texts, prose = one.draft.texts, one.draft.text.split("\n")
    if len(texts) == 1:
        return ""
    told = (FORMATS[one.item_type].parse(one.text) or {})[LONG[one.item_type]]
    if absent := next((text.title for text in texts if not (text.title in told or names(text.title, told))), ""):
        return absent
    said, own = set(content_words(told)), [set(content_words(line)) for line in prose]
    alone = [mine.difference(*(other for other in own if other is not mine)) for mine in own]
    of_each = zip(texts, alone, strict=False)
    return next((text.title for text, mine in of_each if len(mine & said) < _TOLD_OF_EACH * len(mine)), "")
