"""The release itself."""

from dagster_project.lib.stage_asset import stage_asset

current = stage_asset("releases/current")
