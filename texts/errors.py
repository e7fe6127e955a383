"""The one error that texts raises on purpose."""


class EmbedderError(Exception):
    """An embedder that cannot be used, told in one sentence for a user: what was asked for and what is missing.

    Callers with users of their own pass it on as their own error (lake.errors.as_user_error).
    """
