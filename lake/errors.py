"""The one exception a user may cause."""


class UserError(Exception):
    """A mistake of the user, told in one sentence: what is wrong, where, and what is allowed. Exit code 2."""


class StageFailed(Exception):
    """A stage that could not finish or whose books do not balance; nothing of it was published. Exit code 1."""
