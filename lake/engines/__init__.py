"""Where the work of a stage runs: in Spark, over Arrow datasets, in processes."""
