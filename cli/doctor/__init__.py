"""What keeps a deployment from working, each with the command that mends it."""
