"""Batch text generation: judge, build MIXTURE, answer the held-out split, distil groups."""
