"""The release itself, and the upkeep of the lake behind it."""

from dagster_project.lib.stage_asset import stage_asset

current = stage_asset("releases/current")
removals = stage_asset("upkeep/removals")
