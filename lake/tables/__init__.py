"""Every table of the lake: key, grain, schema and how it is written.

A key is `layer/name`; it is at once the folder in the lake and the Dagster asset key. Schemas are Arrow schemas,
because Arrow is what Spark, deltalake and the model processes have in common.

Ids carry their kind and are hashes of content, never row numbers: `raw_` one raw record, `rec_` the same record once
normalised (`rec_x` comes from `raw_x`), `psg_` a passage, `grp_` a group, `mix_` a MIXTURE item, `dst_` a distilled item,
`rel_` a released example.
"""

from collections.abc import Mapping
from types import MappingProxyType

from lake.tables import bronze, gold, models, ratings, silver
from lake.tables.schema import Table

TABLES: Mapping[str, Table] = MappingProxyType(
    {table.key: table for table in (*bronze.TABLES, *silver.TABLES, *ratings.TABLES, *gold.TABLES, *models.TABLES)}
)
