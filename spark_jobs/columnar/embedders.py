"""The embedder that a stage's params name, in the lake that the stage works on."""

from lake.errors import as_user_error
from lake.settings import settings
from lake.storage.store import Lake
from lake.storage.student import embedder_name
from texts.embed.embedder import Embedder, open_embedder
from texts.errors import EmbedderError


def embedder(name: str, lake: Lake) -> Embedder:
    """The embedder called teacher, static, student, or by a model folder or hub name. Raises UserError where there is none."""
    with as_user_error(EmbedderError):
        return open_embedder(embedder_name(name, lake), settings().cache)
