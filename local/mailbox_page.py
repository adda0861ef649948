"""The mailbox as a page for people: plain, for phones too, nothing from anywhere else."""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from local.mailbox import Mail
from local.people import PASSWORD, PEOPLE

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #777; --link: #0a58ca; }
@media (prefers-color-scheme: dark) { :root { --quiet: #aaa; --link: #8ab4f8; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 44rem; padding: 1rem; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; }
p { margin: .25rem 0; }
.quiet { color: var(--quiet); font-size: .9rem; }
a { color: var(--link); overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; }
nav a { border: 1px solid var(--line); border-radius: 2rem; min-height: 2.75rem;
  padding: .55rem 1rem; text-decoration: none; }
nav a[aria-current] { background: var(--link); border-color: var(--link); color: Canvas; }
article { border: 1px solid var(--line); border-radius: .75rem; margin: 0 0 1rem; padding: 1rem; }
article h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
pre { font: inherit; margin: .75rem 0 0; overflow-wrap: anywhere; white-space: pre-wrap; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


def mailbox_page(mails: Sequence[Mail], reader: str) -> str:
    """All mails, or those of one reader, newest first."""
    shown = [mail for mail in reversed(mails) if not reader or reader in mail.to]
    letters = (
        "".join(map(_letter, shown)) or "<p>No mail yet. Reload after a request in the chat.</p>"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Mailbox</title><style>{_STYLE}</style></head><body>"
        "<header><h1>Mailbox</h1>"
        '<p class="quiet">Every mail this laptop run has sent. Nothing leaves this machine. '
        f"Everyone signs in with the password <strong>{PASSWORD}</strong>.</p></header>"
        f'<nav aria-label="Whose mails">{_choices(reader)}</nav>'
        f"<main>{letters}</main></body></html>"
    )


def _choices(reader: str) -> str:
    everyone = [("", "everyone"), *((person.email, person.name) for person in PEOPLE)]
    return "".join(_choice(email, name, is_current=email == reader) for email, name in everyone)


def _choice(email: str, name: str, *, is_current: bool) -> str:
    address = f"/_local/mailbox?to={quote(email)}" if email else "/_local/mailbox"
    current = ' aria-current="page"' if is_current else ""
    return f'<a href="{address}"{current}>{html.escape(name)}</a>'


def _letter(mail: Mail) -> str:
    readers = html.escape(", ".join(mail.to))
    return (
        f"<article><h2>{html.escape(mail.subject or '(no subject)')}</h2>"
        f'<p class="quiet">to {readers}, {html.escape(mail.sent_at)}</p>'
        f"<pre>{''.join(_with_links(mail.text))}</pre></article>"
    )


def _with_links(text: str) -> Iterable[str]:
    """The text, escaped, each web address as a link; a mail is never trusted to be markup."""
    end = 0
    for found in _ADDRESS.finditer(text):
        address = html.escape(found.group())
        yield html.escape(text[end : found.start()])
        yield f'<a href="{address}" rel="noreferrer">{address}</a>'
        end = found.end()
    yield html.escape(text[end:])
