"""Texts to vectors.

embedder: opens an embedder by name. teacher: the packaged model. static: reads a static embedder, which is what a student is.
static_from_teacher: makes one. wordpieces: BERT's tokens in numpy. fidelity: how well one embedder stands for another.
vector_bytes: vectors as a column of a table.
"""
