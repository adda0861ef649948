"""Why the laptop run does not start, in one line for the person at the keyboard."""


class CannotRun(Exception):
    """Something on this machine is missing, taken or dead; the message says what and what helps."""
