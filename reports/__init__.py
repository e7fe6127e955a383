"""What a lake has come to: the release, its plots, its funnel and the page that shows them. Knows the lake and nothing else."""
