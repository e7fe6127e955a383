"""Records drawn by lot: plain ones, and planted copies, near-copies, opposites and faults of those drawn before."""

import random
from collections.abc import Callable, Sequence

from benchmarks.soaking.records import Record, Turns, exchange

_NAMED = {
    "things": "kettle anvil lantern orchard harbour mill loom compass bellows ferry cellar quarry beehive sundial barrel bridge weir",
    "deeds": "mend clean paint move weigh store test lift measure oil build empty dry heat close open guard sharpen sort carry",
    "stuff": "copper linen cedar clay wool granite tallow flax slate amber pitch willow brass chalk resin hemp",
    "places": "Arlen Bremmer Castor Dunmore Elvas Fenwick Gorley Hexham Iverley Jarrow Kelso Lorne Morpeth Norwick",
    "traits": "soft brittle heavy damp dull",
}
_THINGS, _DEEDS, _STUFF, _PLACES, _TRAITS = (names.split() for names in _NAMED.values())
_WHEN = ("in early spring", "before the first frost", "after heavy rain", "at low tide", "by noon", "every other week")
_ASKED = (
    "How do I {deed} the {thing} of {place}?",
    "What should one know before starting to {deed} a {thing} in {place}?",
    "Tell me how people in {place} {deed} an old {thing}.",
    "Is there a safe way to {deed} the {thing} near {place}?",
)
_CHINESE = ("水", "茶", "米", "竹", "丝", "铁", "纸", "盐")


class Corpus:
    """Records one after the other, all from one random generator; it remembers what it gave, to plant copies of it."""

    def __init__(self, rng: random.Random, given: Sequence[Record] = ()) -> None:
        self._rng = rng
        self.given = [record for record in given if record.fault is None and record.rejected is None]

    def draw(self, count: int, chats: bool) -> list[Record]:
        """So many records; conversations of several turns only where the file can hold them."""
        return [self._one(chats) for _ in range(count)]

    def _one(self, chats: bool) -> Record:
        roll = self._rng.random()
        known = [record for record in self.given if chats or not record.is_chat]
        if roll < 0.30 and known:
            record = self._planted(self._rng.choice(known), chats)
        elif roll < 0.42:
            record = self._odd()
        else:
            record = self._chat() if chats and roll < 0.60 else self.plain()
        if record.rejected is None:
            self.given.append(record)
        return record

    def plain(self) -> Record:
        pick = self._rng.choice
        thing, deed, place = pick(_THINGS), pick(_DEEDS), pick(_PLACES)
        asked = pick(_ASKED).format(thing=thing, deed=deed, place=place)
        said = " ".join(self._sentence(thing) for _ in range(self._rng.randint(1, 4)))
        return exchange(asked, said)

    def _sentence(self, thing: str) -> str:
        pick, number = self._rng.choice, self._rng.randint(2, 90)
        return (
            f"First {pick(_DEEDS)} the {pick(_STUFF)} parts of the {thing} and {pick(_DEEDS)} it {pick(_WHEN)}, because the "
            f"{pick(_STUFF)} in {pick(_PLACES)} is {pick(_TRAITS)} and holds {number} pounds."
        )

    def _chat(self) -> Record:
        turns: Turns = self.plain().turns + self.plain().turns
        opening: Turns = (("system", f"Answer as a {self._rng.choice(_STUFF)} merchant would."),)
        return Record(opening + turns if self._rng.random() < 0.5 else turns)

    def _odd(self) -> Record:
        """A record that some rule or other must look at: without an answer, without a question, in another script, personal."""
        plain = self.plain()
        (_, asked), (_, said) = plain.turns
        pick = self._rng.choice
        kinds: list[Record] = [
            exchange(asked, pick(("", "  "))),
            exchange(pick(("", " ")), said),
            exchange(
                f"{pick(_CHINESE)}和{pick(_CHINESE)}有什么不同？请解释一下。",
                f"{pick(_CHINESE)}来自山里，对生活很重要。",
            ),
            exchange(f"Café owner Zoë asks: {asked}", f"{said} 🙂"),
            exchange(asked, f"{said} Write to info@shore.example."),
            exchange(
                f"What is {self._rng.randint(2, 9)} {pick('+-')} {self._rng.randint(2, 9)}?", "Count it on your hands."
            ),
        ]
        return pick(kinds)

    def _planted(self, record: Record, chats: bool) -> Record:
        """An exact copy, a near-copy or an opposite of a record; or, in a conversation, another beginning of it."""
        kinds: list[Callable[[str], str]] = [
            lambda text: text,
            str.upper,
            lambda text: text.replace("u", "ｕ"),
            lambda text: f"{text.replace(' ', '  ')}  ",
            self._with_a_word_changed,
            self._with_a_word_changed,
            lambda text: text.replace(" is ", " is not ").replace("+", "-"),
            lambda text: text.replace(" and ", " and never "),
            _with_numbers_turned,
        ]
        if chats and self._rng.random() < 0.2:
            return Record((*self.plain().turns, *record.turns[-2:]))
        change = self._rng.choice(kinds)
        return Record(tuple((role, change(text)) for role, text in record.turns))

    def _with_a_word_changed(self, text: str) -> str:
        words = text.split(" ")
        if len(words) > 12:
            words[self._rng.randrange(len(words) - 1)] = self._rng.choice(_STUFF)
        return " ".join(words)


def _with_numbers_turned(text: str) -> str:
    """The text with its numbers in reverse order."""
    numbers = [word for word in text.split() if word.isdigit()]
    return " ".join(numbers.pop() if word.isdigit() else word for word in text.split(" "))
