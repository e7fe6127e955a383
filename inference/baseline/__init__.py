"""The baseline writer behind the engine `rules`: builds, degrades and fuses items by linguistic rules, without weights or network.

It is no language model: it moves and trims sentences, and neither understands nor rephrases them.
build: a target from a passage (passage reads it). degrade: weak variants of a target (units cuts it, operators spoils it). fuse: one item from a group (asking,
statements). The judge's rules are elsewhere, in texts.rubric.
"""
