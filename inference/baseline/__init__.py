"""The embedded writer: builds, degrades and fuses items by linguistic rules, without weights and without a network.

A baseline, not a language model: it moves and trims sentences, it does not understand or rephrase them.
"""
