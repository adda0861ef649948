"""Programs that open links by themselves, how they open them, and ids that are nearly right."""

import string
from collections.abc import Iterator, Mapping
from urllib.parse import quote

SCANNERS = (
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; ms-office; MSOffice 16)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 SafeLinks/1.0",
    "ProofpointURLDefense/2.0",
    "Mimecast-URL-Protect/1.4",
    "BarracudaCentral/1.0 (LinkProtect)",
    "Mozilla/5.0 (compatible; Symantec Email Security.cloud)",
    "TrendMicro-ClickTimeProtection/1.0",
    "Cisco-Secure-Email-Gateway/15.5",
    "GoogleImageProxy (via ggpht.com)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; SkypeUriPreview Preview/0.5)",
    "facebookexternalhit/1.1",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
    "WhatsApp/2.24.1 A",
    "TelegramBot (like TwitterBot)",
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
    "curl/8.9.1",
    "python-requests/2.32.4",
)


def link_variants(approval_id: str) -> list[tuple[str, str, Mapping[str, str]]]:
    """Method, target and headers of every way in which a scanner comes to an approval."""
    page, data = f"/a/{approval_id}", f"/approvals/{approval_id}"
    prefetch = {"purpose": "prefetch", "sec-purpose": "prefetch;prerender", "x-moz": "prefetch"}
    conditional = {"if-none-match": "*", "range": "bytes=0-99"}
    pages = [
        (method, target, headers)
        for method in ("GET", "HEAD")
        for target in (
            page,
            f"{page}?utm_source=mail&utm_medium=email",
            f"{page}?decision=approve",
            f"{page}?_method=POST&digest={'0' * 64}",
            f"{page}?url={quote('https://countersign.example.com' + page, safe='')}",
        )
        for headers in ({}, prefetch, conditional)
    ]
    read = [
        (method, f"{data}{query}", headers)
        for method in ("GET", "HEAD")
        for query in ("", "?decision=approve", "?_method=POST", "?digest=" + "0" * 64)
        for headers in ({}, prefetch, {"accept": "text/html"})
    ]
    decide = [
        (method, f"{data}/{verb}", headers)
        for method in ("GET", "HEAD")
        for verb in ("decision", "cancel")
        for headers in ({}, prefetch)
    ]
    others = [
        ("GET", "/inbox", {}),
        ("GET", "/", {}),
        ("OPTIONS", page, {}),
        ("GET", "/agents", {}),
    ]
    return [*pages, *read, *decide, *others]


def mutated_ids(approval_id: str) -> Iterator[str]:
    """Each character changed in each bit and to each letter, dropped, doubled, in the other case, encoded twice."""
    for position, character in enumerate(approval_id):
        before, after = approval_id[:position], approval_id[position + 1 :]
        yield f"{before}{character.upper() if character.isalpha() else 'O'}{after}"
        yield f"{before}{after}"
        yield f"{before}{character * 2}{after}"
        yield f"{before}%25{ord(character):02x}{after}"
        yield f"{before}{quote(chr(ord(character) + 0xFEE0))}{after}"
        yield f"{before}{character}%E2%80%8D{after}"
        yield f"{before}{character}.{after}"
        yield f"{before}%00{character}{after}"
        yield f"{before}{character}%20{after}"
        for bit in range(7):
            flipped = chr(ord(character) ^ (1 << bit))
            if flipped != "/":  # that would be another address, not another id
                yield f"{before}{quote(flipped, safe='')}{after}"
        for other in string.ascii_lowercase + "234567":
            if other != character:
                yield f"{before}{other}{after}"
