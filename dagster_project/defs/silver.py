"""Clean, distinct, embedded, rated and grouped rows."""

from dagster_project.lib.stage_asset import stage_asset

instructions = stage_asset("silver/instructions")
passages = stage_asset("silver/passages")
unique_instructions = stage_asset("silver/unique_instructions")
embeddings = stage_asset("silver/embeddings")
ratings = stage_asset("silver/ratings")
quality = stage_asset("silver/quality")
groups = stage_asset("silver/groups")
best_records = stage_asset("silver/best_records")
