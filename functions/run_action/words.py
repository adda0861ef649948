"""A service's answer as text: decoded where it is text, told where it is not, never longer than a result may be."""

from functions.run_action.failure import failure_text
from functions.run_action.fetch import Answer

RESULT_BYTES = 16 * 1024
SHOWN_CHARACTERS = 2000
CUT = "\n[cut: the answer has {size} bytes]"
CHARSETS = frozenset(
    {
        "ascii",
        "utf-8",
        "utf8",
        "us-ascii",
        "utf-16",
        "latin-1",
        "big5",
        "euc-jp",
        "euc-kr",
        "gb18030",
        "gb2312",
        "gbk",
        "iso-2022-jp",
        "koi8-r",
        "shift_jis",
        "windows-31j",
        *(f"iso-8859-{part}" for part in range(1, 17) if part != 12),
        *(f"windows-125{part}" for part in range(9)),
    }
)
"""Python knows codecs that are no character sets; a service may name only these."""
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript")
_TEXT_ENDINGS = ("+json", "+xml", "/graphql", "urlencoded", "yaml", "/x-ndjson")


def text_of(answer: Answer) -> str | None:
    """The body as text; None where it is something else."""
    kind, _, parameters = answer.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if kind and not kind.startswith(_TEXT_TYPES) and not kind.endswith(_TEXT_ENDINGS):
        return None
    if b"\0" in answer.body and "utf-16" not in parameters.lower():
        return None
    return answer.body.decode(_charset(parameters), errors="replace")


def result_of(answer: Answer) -> tuple[bool, str]:
    """Whether the service did it, and what it said: as it came, or with its status where it refused."""
    text = text_of(answer)
    size = len(answer.body)
    if size == 0:
        text = ""
    if 200 <= answer.status < 300:
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if text is None:
            return True, f"[{size} bytes of {kind[:64] or 'an unknown type'}, which is no text]"
        return True, shortened(text, size)
    reason = f" {answer.reason[:64]}" if answer.reason.strip() else ""
    return False, failure_text(
        "status",
        f"The service answered with status {answer.status}{reason}.",
        {"status": answer.status, "body": (text or "")[:SHOWN_CHARACTERS]},
    )


def shortened(text: str, size: int) -> str:
    """At most 16 KB of it."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= RESULT_BYTES:
        return text
    note = CUT.format(size=size)
    return raw[: RESULT_BYTES - len(note)].decode("utf-8", "ignore") + note


def _charset(parameters: str) -> str:
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        value = value.strip().strip("\"'")
        if name.strip() == "charset" and value in CHARSETS:
            return "cp932" if value in ("shift_jis", "windows-31j") else value
    return "utf-8"
