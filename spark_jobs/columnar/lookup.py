"""A semi-join by a filter of fixed size: most rows that a join would drop are dropped before they are moved.

Of a million rows, with `wanted` naming thousand of their keys, some thousand and thirty come back: those thousand, and the few
others whose bit is taken. Numbers inside packed rows have a filter of the same kind in `spark_jobs.columnar.bloom`.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_BITS = 2**25  # 4 MiB: a million keys let 3 % of the other rows through, more keys more, never a wanted row less


def semi_join(rows: DataFrame, wanted: DataFrame, column: str) -> DataFrame:
    """The rows whose `column` may be in `wanted`, which has that column: all that are, and a few others.

    A Bloom filter (Bloom 1970) of one hash, broadcast in pieces of 4 KiB; a caller who needs exactly the wanted rows joins after it.
    """
    slot = F.pmod(F.xxhash64(column), F.lit(_BITS))
    place, bucket = F.bitmap_bit_position(slot), F.bitmap_bucket_number(slot)
    bitmaps = wanted.groupBy(bucket.alias("bucket")).agg(F.bitmap_construct_agg(place).alias("bits"))
    # Spark reads a bit of a number, but not of a binary column: the byte is taken out as hexadecimal digits
    byte = F.conv(F.hex(F.substring("bits", (place / 8).cast("int") + 1, 1)), 16, 10).cast("int")
    found = rows.withColumn("bucket", bucket).join(F.broadcast(bitmaps), "bucket")
    return found.where(F.getbit(byte, place % 8) == 1).drop("bucket", "bits")
