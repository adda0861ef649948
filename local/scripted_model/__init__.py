"""A small Chat Completions server for people without a model: it holds the EC2 dialogue and fills slots,
nothing more."""
