"""What is trained on, answered and released."""

from dagster_project.lib.stage_asset import stage_asset

mixture = stage_asset("gold/mixture")
heldout_answers = stage_asset("gold/heldout_answers")
distilled = stage_asset("gold/distilled")
training_set = stage_asset("gold/training_set")
