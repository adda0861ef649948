"""The pinned AWS emulator, started with our corrections; runs in an environment of its own."""
