"""An estimate of a text's tokens from its bytes: one for every four bytes of UTF-8.

What a budget needs is a count that no model's tokenizer has to be loaded for, and that is the same for every model. How far it lies from
the tokenizer of the model in the box is in docs/selection.md.
"""

BYTES_A_TOKEN = 4
