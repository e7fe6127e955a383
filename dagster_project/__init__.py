"""The lake's stages as Dagster assets. Knows stages and reports, and nothing else."""
