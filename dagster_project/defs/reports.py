"""What the release is worth."""

from dagster_project.lib.stage_asset import stage_asset

evaluation = stage_asset("reports/evaluation")
