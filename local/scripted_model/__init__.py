"""A small Chat Completions server for people without a model: it holds the EC2 dialogue, chooses from the
catalogue and fills slots, nothing more."""
