"""The SPDX id of an installed distribution, from its metadata alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import Distribution

LICENCES = {
    "mit": "MIT",
    "mit license": "MIT",
    "apache-2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "isc": "ISC",
    "psf-2.0": "PSF-2.0",
}
# "BSD License" is missing on purpose: it does not say which one.
CLASSIFIERS = {
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
}


def clear_licence(installed: Distribution) -> str | None:
    """The one SPDX id a distribution's metadata states, or None where it states none, several or a vague one."""
    expression = _stated(installed, "License-Expression")
    if expression:
        return LICENCES.get(expression.lower())
    licence = _stated(installed, "License")
    return LICENCES.get(licence.lower()) or _licence_of(licence) or _licence_in(_all_stated(installed, "Classifier"))


def _all_stated(installed: Distribution, field: str) -> list[str]:
    return [value.strip() for value in installed.metadata.get_all(field) or []]


def _stated(installed: Distribution, field: str) -> str:
    return " ".join(_all_stated(installed, field))


def _licence_of(text: str) -> str | None:
    """The BSD licence that a full text opens with; licences of bundled software may follow, whose code is not read."""
    words = re.sub(r"\W+", " ", text).lower()
    _, opening, rest = words.partition("redistribution and use in source and binary forms")
    if not opening:
        return None
    return "BSD-3-Clause" if "neither the name" in rest.partition(opening)[0] else "BSD-2-Clause"


def _licence_in(classifiers: Sequence[str]) -> str | None:
    stated = {CLASSIFIERS.get(line) for line in classifiers if line.startswith("License ::")}
    return stated.pop() if len(stated) == 1 else None
