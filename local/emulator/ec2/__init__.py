"""EC2 made faithful inside the emulator's process, behind its IAM check."""
