"""A filter of fixed size for joins: most of the rows that a join would drop are dropped before they are moved."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_SLOTS = 2**25  # bits, 4 MiB: a million keys let 3 % of the other rows through, more keys more, never a wanted row less


def among(rows: DataFrame, wanted: DataFrame, column: str) -> DataFrame:
    """The rows whose `column` may be in `wanted`: a Bloom filter of one hash, whatever the number of rows 4 MiB in parts of 4 KiB."""
    slot = F.pmod(F.xxhash64(column), F.lit(_SLOTS))
    place, bucket = F.bitmap_bit_position(slot), F.bitmap_bucket_number(slot)
    bitmaps = wanted.groupBy(bucket.alias("bucket")).agg(F.bitmap_construct_agg(place).alias("bits"))
    byte = F.conv(F.hex(F.substring("bits", (place / 8).cast("int") + 1, 1)), 16, 10).cast("int")
    found = rows.withColumn("bucket", bucket).join(F.broadcast(bitmaps), "bucket")
    return found.where(F.getbit(byte, place % 8) == 1).drop("bucket", "bits")
