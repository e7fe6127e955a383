"""The five item types (method, section 2.2): one file each, used alike by prompts, gates, rewards and trainers."""

from collections.abc import Mapping
from types import MappingProxyType

from texts.formats.category_statement import CATEGORY_STATEMENT
from texts.formats.marked import Format
from texts.formats.multiple_choice import MULTIPLE_CHOICE
from texts.formats.paragraph import PARAGRAPH
from texts.formats.qa import QA
from texts.formats.true_false import TRUE_FALSE

_ALL: tuple[Format, ...] = (QA, MULTIPLE_CHOICE, TRUE_FALSE, CATEGORY_STATEMENT, PARAGRAPH)

FORMATS: Mapping[str, Format] = MappingProxyType({form.tag: form for form in _ALL})

# the types that ask for one fact: they say less than the others, however good they are
OF_ONE_FACT = frozenset({MULTIPLE_CHOICE.tag, TRUE_FALSE.tag})

__all__ = ["FORMATS", "OF_ONE_FACT", "Format"]
