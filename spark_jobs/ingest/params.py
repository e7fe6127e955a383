"""What may be set for the reading of files."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from lake.harness.job import Params
from lake.landing.register import FILES
from lake.storage.store import Lake


class IngestParams(Params):
    """How files are read, and which are held: a file that looks wrong as a whole waits until the user says what holds.

    kinds: of the files that the stage reads.
    """

    kinds: ClassVar[frozenset[str]]

    batch_rows: int = Field(
        default=2000,
        ge=1,
        le=100_000,
        description="rows in one batch from a worker, at most; 8 MiB of raw bytes end it too",
    )
    split_bytes: int = Field(
        default=32 * 2**20,
        ge=1000,
        le=2**30,
        description="size of the parts in which a file of lines is read that is larger than two of them; rows do not depend on it",
    )
    least_of_last: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="a file that gives a smaller share of the rows it gave when last read is held; 0 holds none for that",
    )
    least_of_bytes: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="a file of 64 KiB or more whose records make up a smaller share of its bytes is held; 0 holds none for that",
    )
    most_doubtful: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="a file of whose records this share or more can be read in two ways is held",
    )

    def stands(self, lake: Lake, read: Mapping[str, int], now: Mapping[str, int]) -> str:
        """What was registered since is for other tables."""
        added = lake.added_files(FILES, read[FILES], now[FILES])
        if added is None:
            return ""
        # a few rows: threads for them may still be ending when a command that has nothing else to do ends its process
        kinds = lake.files_dataset(FILES, added).to_table(columns=["kind"], use_threads=False)["kind"].to_pylist()
        return "" if self.kinds.intersection(kinds) else "nothing that was registered since is for this table"


class InstructionFiles(IngestParams):
    """Instructions, whatever their shape."""

    kinds = frozenset({"instructions"})


class PassageFiles(IngestParams):
    """Titled passages."""

    kinds = frozenset({"passages"})


class ReferenceFiles(IngestParams):
    """Benchmarks, any question and answer, and truths."""

    kinds = frozenset({"benchmark", "reference"})
