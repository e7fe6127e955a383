"""Raw rows, their bytes kept."""

from dagster_project.lib.stage_asset import stage_asset

instructions = stage_asset("bronze/instructions")
passages = stage_asset("bronze/passages")
references = stage_asset("bronze/references")
