"""The student embedder that a lake trained on its own texts: what params call it, and the folder that this name stands for."""

from pathlib import Path

from lake.errors import UserError
from lake.storage.artifacts import at_hand
from lake.storage.store import Lake

STUDENT = "student"
STUDENT_TABLE = "models/student_embedder"


def embedder_name(name: str, lake: Lake) -> str:
    """What texts.embed.embedder opens for the embedder `name` of a stage's params: for `student` its folder, else the name itself.

    Raises UserError where the lake has no student, or where its folder is gone.
    """
    if name != STUDENT:
        return name
    published = lake.version(STUDENT_TABLE) is not None
    rows = lake.dataset(STUDENT_TABLE).to_table(["uri"]).to_pylist() if published else []
    folders = [
        Path(at_hand(lake, row["uri"])) for row in rows if row["uri"]
    ]  # a row without one says that no student was asked for
    if not folders:
        raise UserError(
            "this lake has no student embedder: set `train: true` for models/student_embedder in the profile, then "
            "`mixlake run models/student_embedder`"
        )
    newest = folders[-1]
    if not newest.is_dir():
        raise UserError(
            f"the student embedder {newest} is gone: `mixlake run {STUDENT_TABLE} --rebuild` trains another"
        )
    return str(newest)
