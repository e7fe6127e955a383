"""The generation of the rules is part of the ids of what they make: it is raised when an answer changes, and only then."""

import hashlib
from collections.abc import Iterator

from passages import OTHERS, PASSAGES

from inference.text_engines import Completion, EngineParams, Request, open_engine
from inference.text_engines.rules import GENERATION
from texts.formats import FORMATS
from texts.formats.distillation import answer_of

# GENERATION, and the digest of the answers below that rules of this generation give. Where the test fails, an answer changed: raise
# GENERATION in inference/text_engines/rules.py, and record both here.
RECORDED = ("2f840a3f66d52474", "e68b94c07755b1e2")


ASKED = [
    "Q: how do i clean a window\nA: Wipe the window with water and a cloth.",
    "Q: Streaks on a window\nA: Dry the window with paper. It takes up what is left.",
    "Q: the frame is wet\nA: That is from the wall. Air the room.",
    "Q: why does a window fog?\n\nIt is winter.\nA: Warm air meets cold glass.",
]

CODE = "Q: How is a window opened?\nA: ```python\nside = left\nturn(side)\n\ndef open_it(window):\n    window.pull()\n    return window\n```"


def requests() -> Iterator[Request]:
    """Every task on every passage, form and variant: built items are degraded, variants and raw questions fused, all are rated."""
    texts = [(title, text) for title, text in PASSAGES]
    with open_engine(EngineParams(kind="rules")) as engine:
        for title, text in texts:
            yield Request(title, "rate", [], {"text": text})
            for form in FORMATS:
                built = Request(
                    title, "build", [], {"item_type": form, "title": title, "text": text, "passages": OTHERS}
                )
                yield built
                target = item_of(next(iter(engine.generate([built]))))
                variants = list[str]()
                for variant in range(6):
                    order = {"item_type": form, "target": target, "variant": variant, "variants": 6, "seed": 7}
                    degraded = Request(title, "degrade", [], order)
                    yield degraded
                    variants.append(item_of(next(iter(engine.generate([degraded])))))
                yield Request(title, "distil", [], {"item_type": form, "members": variants})
                yield Request(title, "distil", [], {"item_type": form, "members": [text, *variants[:2], title]})
    for variant in range(6):
        order = {"item_type": "qa", "target": CODE, "variant": variant, "variants": 6, "seed": 7}
        yield Request("code", "degrade", [], order)
    yield Request("asked", "distil", [], {"item_type": "qa", "members": ASKED})


def item_of(completion: Completion) -> str:
    """The item inside the tags of an answer."""
    return answer_of(completion.text or "") or ""


def answers() -> str:
    """16 hex digits over all texts and errors, in order."""
    digest = hashlib.sha256()
    with open_engine(EngineParams(kind="rules")) as engine:
        for completion in engine.generate(list(requests())):
            digest.update(f"{completion.text}\0{completion.error}\n".encode())
    return digest.hexdigest()[:16]


def test_rules_of_one_generation_give_the_same_answers() -> None:
    assert (GENERATION, answers()) == RECORDED


def test_each_task_is_asked_and_most_is_answered() -> None:
    asked = list(requests())
    with open_engine(EngineParams(kind="rules")) as engine:
        answered = [request.task for request in asked if next(iter(engine.generate([request]))).text]
    assert {request.task for request in asked} == set(answered) == {"rate", "build", "degrade", "distil"}
    assert len(answered) > 0.5 * len(asked)
