"""A small Chat Completions server for people without a model: it holds the EC2 dialogue, chooses from the
catalogue, fills slots and looks at a table in a notebook, nothing more."""
