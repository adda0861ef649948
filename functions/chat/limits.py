"""How far a turn may go, and what is said where it has to stop."""

from functions.shared.agent import Limits

OUT_OF_BUDGET = "Today's budget of model tokens is used, so this turn stops here."
OUT_OF_CALLS = "This turn reached its limit of {limit} tool calls, so it stops here."
OUT_OF_SECONDS = "This turn reached its limit of {limit} seconds, so it stops here."
OUT_OF_TOKENS = "This turn reached its limit of {limit} tokens, so it stops here."


def why_to_stop(limits: Limits, *, seconds: float, tokens: int) -> str:
    """The sentence for a turn that took so long and used so much; empty while it may go on."""
    if limits.tokens and tokens >= limits.tokens:
        return OUT_OF_TOKENS.format(limit=limits.tokens)
    if limits.seconds and seconds >= limits.seconds:
        return OUT_OF_SECONDS.format(limit=limits.seconds)
    return ""
