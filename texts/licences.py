"""Classes of licences: texts of one class may be fused into one, which is then under the licences of all of them.

A reading of the licences for the purpose of grouping, not legal advice; an id that is not listed is a class of its own, so that
its texts meet only their like.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

_IDS = {
    "permissive": (
        "0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CDLA-Permissive-1.0",
        "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "PDDL-1.0", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
    ),
    "attribution": ("CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "ODC-By-1.0"),
    "share-alike": ("CC-BY-SA-3.0", "CC-BY-SA-4.0"),  # older versions cannot be carried under 4.0's terms
    "non-commercial": ("CC-BY-NC-2.0", "CC-BY-NC-2.5", "CC-BY-NC-3.0", "CC-BY-NC-4.0"),
    "non-commercial-share-alike": ("CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0"),
}  # fmt: skip

CLASSES: Mapping[str, str] = MappingProxyType({name: kind for kind, names in _IDS.items() for name in names})


def together(licences: Iterable[str]) -> str:
    """The SPDX expression that an item made of texts under these licences is under: each once, sorted, joined by AND.

    A member's licence that is itself a choice is put in brackets.
    """
    names = sorted(set(licences))
    return " AND ".join(f"({name})" if len(names) > 1 and " OR " in name else name for name in names)
