"""Which rows of a table speak of the rows that are taken back: told by the columns that hold ids or hashes of texts.

silver/groups     group_id grp_g, id rec_b, rec_c       taken back: raw_b
about             the row of rec_b                      goes
made with         the row of rec_c, its group has b     goes, too: rec_c then has no place until groups are made anew
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from lake.storage.erasure import Mask
from lake.storage.tombstones import key_of

pc: Any = pyarrow.compute  # its functions are made at import, where types cannot see them

# a duplicate's `kept_id` is not among them: the removed row is another's, and says nothing of the one that was kept but its id
ABOUT = ("id", "raw_id", "removed_id", "record_id", "text_hash", "left", "right")
MADE_OF = ("group_id", "item_id", "origin_id", "member_ids", "passage_ids", "record_ids")
# what no id leads to: answers of models, by a hash of the whole request
WHOLE = "cache/generations"


def mentions(batch: pa.RecordBatch, keys: pa.Array, columns: Sequence[str]) -> Mask:
    """True for each row of which one of the `columns` that are there holds a key."""
    found = np.zeros(batch.num_rows, dtype=bool)
    for name in columns:
        if name in batch.schema.names:
            column = batch[name]
            if pa.types.is_list(column.type):
                inside = pc.is_in(key_of(pc.list_flatten(column)), value_set=keys)
                found[pc.list_parent_indices(column).filter(inside).to_numpy(zero_copy_only=False)] = True
            else:
                found |= pc.is_in(key_of(column), value_set=keys).to_numpy(zero_copy_only=False)
    return found
