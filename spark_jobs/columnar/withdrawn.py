"""Records whose changed files no longer have them: nobody is compared with them, fused with them, or removed in their favour."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def withdrawn_records(withdrawn: DataFrame) -> DataFrame:
    """id of the record that each row of bronze/instructions_withdrawn became: the same hash under the kind `rec`."""
    return withdrawn.select(F.concat(F.lit("rec"), F.substring("id", 4, 25)).alias("id"))
