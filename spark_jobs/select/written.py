"""What a distiller wrote, tested as records are when they are cleaned: a model may write what none of its members holds."""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from spark_jobs.recognisers.language import languages
from spark_jobs.recognisers.personal import personal_kinds


def with_tests(items: DataFrame, confidence: float) -> DataFrame:
    """The items with `personal`, the kinds of personal data in them, and `written_in`, the language they are in.

    An item whose language cannot be told with `confidence`, 0..1, counts as in `language`, that of its members.
    """
    return items.join(items.select("id", "prompt", "answer", "language").mapInArrow(_tests(confidence), _TESTS), "id")


_TESTS = "id string, personal array<string>, written_in string"


def _tests(confidence: float) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def tests(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            texts = pc.binary_join_element_wise(batch["prompt"], batch["answer"], "\n")
            told = languages(texts, default="", confidence=confidence)
            language = pc.if_else(pc.equal(told, ""), batch["language"], told)
            columns = [batch["id"], personal_kinds(texts), language]
            yield pa.RecordBatch.from_arrays(columns, names=["id", "personal", "written_in"])

    return tests
