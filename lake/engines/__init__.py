"""Where the work of a stage runs (Spark, Arrow datasets, processes), and what balances its books: keys read in bounded batches."""
