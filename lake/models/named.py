"""What params call a language model: the one in the box, a folder, or a hub name. vLLM, transformers and TRL all ask here."""

from pathlib import Path

from lake.errors import UserError
from lake.models.embedded import ALIAS, NAME, embedded_folder
from lake.settings import settings

_ALLOWED = f"{ALIAS} ({NAME}, which is installed), a folder of safetensors, or a model of the hub such as ORG/NAME"
# other formats of weights can run code when they are read
_FILES = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"]


def model_folder(name: str) -> Path:
    """The folder of safetensors that `name` stands for: `embedded` or that model's own name, a folder, or a model of the hub.

    Raises UserError where there is no such model, or no weights in that form.
    """
    if not name:
        raise UserError(f"No model is named: allowed are {_ALLOWED}")
    if name in (ALIAS, NAME):
        return embedded_folder(settings().cache)
    folder = Path(name) if Path(name).is_dir() else _hub_folder(name)
    if not any(folder.glob("*.safetensors")):
        raise UserError(f"The model folder {folder} holds no safetensors: only checkpoints in that form are loaded")
    return folder


def _hub_folder(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=_FILES))
    except Exception as error:  # of the network, of the hub, of a name that cannot be one
        reason = " ".join(str(error).split())
        raise UserError(
            f"There is no model {name!r}, and no hub gives it ({reason}): allowed are {_ALLOWED}"
        ) from error
