"""A small Chat Completions server for people without a model: it holds the EC2 dialogue, nothing
more."""
