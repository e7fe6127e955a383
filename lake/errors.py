"""The two errors that end a command with a sentence, and how another package's error becomes one."""

from collections.abc import Generator
from contextlib import contextmanager

_QUOTED = 160  # characters of a value in a sentence


class UserError(Exception):
    """A mistake of the user, told in one sentence: what is wrong, where, and what is allowed. Exit code 2."""


class StageFailed(Exception):
    """A stage that could not finish or whose books do not balance; nothing of it was published. Exit code 1."""


def shown(value: object) -> str:
    """The value as a sentence quotes it: of a long one its beginning.

    >>> shown(0.5), len(shown("x" * 300))
    ('0.5', 163)
    """
    quoted = repr(value)
    return quoted if len(quoted) <= _QUOTED else f"{quoted[:_QUOTED]}..."


@contextmanager
def as_user_error(*kinds: type[Exception]) -> Generator[None]:
    """Errors of these kinds leave the block as UserError with the same sentence: for packages that know nothing of the lake."""
    try:
        yield
    except kinds as error:
        raise UserError(str(error)) from error
