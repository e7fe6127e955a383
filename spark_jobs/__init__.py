"""Raw files to groups and the training set: frames in, frames out, on Spark."""
