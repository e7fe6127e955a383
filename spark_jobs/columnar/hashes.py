"""64-bit hashes in numpy: the type that others name, the scrambling of whole arrays, the hash of one text.

>>> mix(np.array([1, 2, 1], np.uint64)).tolist()  # equal numbers stay equal, neighbours end far apart
[6238072747940578789, 15839785061582574730, 6238072747940578789]
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]


def mix(values: Hashes) -> Hashes:
    """Each number scrambled so that every bit depends on every bit, same shape; sums and bits of mixed numbers look random.

    The finaliser of splitmix64 (Steele, Lea, Flood 2014). It is one to one: two numbers never become the same.
    """
    mixed = values ^ (values >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def hash64(text: str) -> int:
    """A 64-bit hash of a text, the same on every machine (Python's own differs from process to process)."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
