"""The subject of a mail: short printable ASCII in which until when it can be decided is never lost."""

import re
import unicodedata

from functions.shared.approval import Person
from functions.shared.channels import SUBJECT_CHARACTERS, plain_subject
from functions.shared.letter import defanged

SHORTEST = 12
"""A part that does not fit is shortened to this before the next one is touched."""
CUT = ("name", "what", "place")
_MARK = "..."


def subject_of(
    stage: str,
    *,
    name: str,
    what: str,
    place: str,
    price: str,
    end: str,
    cut: tuple[str, ...] = CUT,
) -> str:
    """`[Countersign dev] Kai: 1 x t3.micro in payments-test, 0.02 USD/h, by 15:40 JST`.

    What does not fit is shortened in the order of `cut`; `end` stands whatever the others hold.
    """
    head, tail = f"[Countersign {stage}] "[:40], end[:40]
    parts = {
        key: plain_subject(value, None)
        for key, value in (("name", name), ("what", what), ("place", place), ("price", price))
    }
    for key in cut:
        room = SUBJECT_CHARACTERS - len(_joined(head, parts, tail))
        if room < 0:
            parts[key] = _shortened(parts[key], max(SHORTEST, len(parts[key]) + room))
    if len(_joined(head, parts, tail)) > SUBJECT_CHARACTERS:
        parts["price"] = ""
    return plain_subject(_joined(head, parts, tail))


def name_of(person: Person) -> str:
    """Whoever it is in ASCII: the name without accents, or else the name of the mailbox."""
    for known in (person.name, person.email.partition("@")[0]):
        folded = unicodedata.normalize("NFKD", defanged(known))
        plain = "".join(character for character in folded if " " <= character <= "~")
        plain = re.sub(r"\s+", " ", plain).strip()
        if re.search(r"[A-Za-z0-9]", plain) and len(plain) * 2 >= len(known):
            return plain
    return "Somebody"


def _joined(head: str, parts: dict[str, str], tail: str) -> str:
    who = f"{parts['name']}: " if parts["name"] else ""
    place = f" in {parts['place']}" if parts["place"] else ""
    price = f", {parts['price']}" if parts["price"] else ""
    return f"{head}{who}{parts['what']}{place}{price}{tail}"


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - len(_MARK)].rstrip() + _MARK
