"""Checkpoints, and which one serves."""

from dagster_project.lib.stage_asset import stage_asset

student_embedder = stage_asset("models/student_embedder")
distiller_sft = stage_asset("models/distiller_sft")
distiller_grpo = stage_asset("models/distiller_grpo")
champion = stage_asset("models/champion")
