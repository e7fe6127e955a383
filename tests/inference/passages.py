"""Invented passages for the tests of the rules engine: two topics and two parts of a program, and openings of others."""

import random

PASSAGES = (
    (
        "Compost",
        "Compost is organic matter that microbes have broken down into a dark, crumbly soil improver. A heap needs about two "
        "parts of dry brown material, such as leaves or cardboard, for each part of green kitchen scraps. Bacteria warm the "
        "centre to between 55 and 65 degrees, which kills most weed seeds within 3 weeks. Turning the heap every 10 days lets "
        "oxygen in, because microbes that lack air produce an unpleasant smell. Meat, dairy and cooked food attract rats and "
        "should stay out. After 6 to 12 months the finished material can be sieved and spread in a layer of 5 centimetres.",
    ),
    (
        "Suspension bridge",
        "A suspension bridge is a bridge whose deck hangs from vertical cables below two or more main cables. The main cables "
        "pass over tall towers and end in heavy anchorages at both banks, which take the tension. Engineers spin each cable "
        "from thousands of parallel steel wires of about 5 millimetres. Wind can make a slender deck twist, so designers "
        "stiffen it with trusses and test models in tunnels. Spans of more than 1900 metres have been built this way. "
        "Inspectors look for corrosion inside the cables every 2 years, since moisture collects beneath the wrapping.",
    ),
    (
        "store.tables.load",
        "Read a table from a folder and return its rows in the order of their keys. The folder must hold a manifest that "
        "lists every data file with its checksum. If a checksum differs, the file is read again from the mirror before the "
        "call gives up. Columns that are not asked for are never decoded, which saves memory on wide tables.\n"
        "path: Location of the folder, absolute or relative to the workspace.\n"
        "columns: Names of the columns to decode; by default all 32 are decoded.\n"
        "limit: Largest number of rows to return. Must be positive.\n"
        "Returns: A frame with one row for each key that was found.\n"
        "OSError: If the manifest is missing or cannot be opened.",
    ),
    (
        "signal.filters.smooth",
        "Smooth a sampled signal with a moving window of odd length. The window is shifted along the signal and each sample is "
        "replaced by the weighted mean of its neighbours. Edges are padded by reflection, because zeros would pull the first "
        "and last samples down. A longer window removes more noise but also flattens narrow peaks.\n"
        "samples: Sequence of evenly spaced measurements. Missing values are not allowed.\n"
        "width: Length of the window in samples, by default 5.\n"
        "weights: Optional weights of the window, normalised before use.\n"
        "Returns: A sequence as long as the input.\n"
        "ValueError: If the window is longer than the signal or has even length.",
    ),
)

OTHERS = tuple(
    f"{title}\n{text}"
    for title, text in (
        ("Glacier", "A glacier is a mass of dense ice that moves slowly under its own weight."),
        ("Loom", "A loom is a device that holds warp threads under tension while weft is woven through them."),
        ("Weir", "A weir is a low wall below a bridge or across a river that raises the water behind it."),
        ("graph.paths.shortest", "Find the shortest smooth path between two nodes of a weighted graph."),
        ("mail.queue.flush", "Send every message that waits in the queue and empty it afterwards."),
        ("image.codec.decode", "Decode a compressed picture into a table of pixels."),
    )
)

_SAYS = (
    "{A} is a {b} that keeps {n} {c} warm in {d}.",
    "Each {b} of {A} carries {n} {c}, because {d} would crack the {e}.",
    "Workers turn {c} every {n} hours before {d} dries on {e}.",
    "When {d} falls below {n} degrees, {A} loses {e} and {c} must be mended with {b}.",
    "{e} protects {c} from {d} for {n} weeks.",
    "Older {b} came from {c} and {d}, although {e} lasts {n} times longer.",
)
_LISTS = (
    "Sort {b} by {c} and return the {d} of {A}. Any {e} before {n} {b} is skipped, because {c} would repeat {d}.\n"
    "{b}: Location of {c}, relative to {e}.\n{c}: Largest {d} in {n} {e}; by default {b}.\n{d}: Names of {e} for {A}. Must hold {n} {c}.\n"
    "Returns: {c} with {d} for each {e} of {b}.\nOSError: If {d} lacks {e} or {c}."
)
_SOUNDS = [f"{one}{vowel}{end}" for one in "bdfgklmnprstvz" for vowel in "aeiou" for end in ("l", "n", "rk", "st", "m")]


def distinct_passages(count: int, first: int = 0) -> list[dict[str, str]]:
    """`count` passages from number `first` on, about things of their own, so that none is near another; every fourth is of a program, every tenth says nothing."""
    rows: list[dict[str, str]] = []
    for number in range(first, first + count):
        rng = random.Random(number)

        def coined(rng: random.Random = rng) -> str:
            return rng.choice(_SOUNDS) + rng.choice(_SOUNDS)

        said = _SAYS if number % 4 < 3 else (_LISTS,)
        subject = coined().capitalize()
        text = " ".join(
            one.format(A=subject, n=rng.randrange(3, 900), **{letter: coined() for letter in "bcde"}) for one in said
        )
        named = f"{coined()}.{coined()}.{coined()}"
        title = named if number % 4 == 3 else subject
        body = "Nothing." if number % 10 == 9 else text
        rows.append({"id": f"psg_{number:024x}", "source": "made", "title": title, "text": body})
    return rows
