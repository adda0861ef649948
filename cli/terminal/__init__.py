"""The product in a terminal, for people who chat and who countersign."""
