"""The embedder that a stage's params name, in the lake that the stage works on, and on the workers that use it."""

from pathlib import Path

from lake.engines.cluster import has_workers
from lake.errors import as_user_error
from lake.settings import settings
from lake.storage.artifacts import ARTIFACTS, add_folder, at_hand
from lake.storage.store import Lake
from lake.storage.student import embedder_name
from texts.embed.embedder import MODEL_FILES, Embedder, open_embedder
from texts.errors import EmbedderError


def embedder(name: str, lake: Lake) -> Embedder:
    """The embedder called teacher, static, student, or by a model folder or hub name. Raises UserError where there is none."""
    with as_user_error(EmbedderError):
        return open_embedder(embedder_name(name, lake), settings().cache)


def name_for_workers(model: Embedder, lake: Lake) -> str:
    """The name by which workers open an embedder. A folder of this machine is put into the lake for those of a cluster, which do not see it."""
    if not has_workers(settings()) or not Path(model.name).is_dir():
        return model.name
    name = f"{ARTIFACTS}/embedders/{model.digest}"
    add_folder(lake, name, model.folder, MODEL_FILES)
    return name


def opened_by_worker(name: str, root: str) -> Embedder:
    """The embedder that `name_for_workers` named, in the lake at `root`."""
    return open_embedder(at_hand(Lake(root), name))
