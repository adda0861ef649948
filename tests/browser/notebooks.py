"""Conversations with an agent that runs Python, as the API tells them to the chat page."""

import struct
import zlib
from urllib.parse import quote

from tests.browser.drawn_pages import at
from tests.browser.told import ID, agent, told, tool_call, transcript
from tests.browser.visitor import DESKTOP, PHONE

SMALL = {**PHONE, "viewport": {"width": 360, "height": 740}}
LOOKS = {
    "360 px, English, light": {**SMALL, "locale": "en-GB", "color_scheme": "light"},
    "360 px, Japanese, dark": {**SMALL, "locale": "ja-JP", "color_scheme": "dark"},
    "wide, English, dark": {**DESKTOP, "locale": "en-US", "color_scheme": "dark"},
    "wide, Japanese, light": {**DESKTOP, "locale": "ja", "color_scheme": "light"},
}
PHONE_LOOK, WIDE_LOOK = "360 px, English, light", "wide, English, dark"
ANALYST = agent("analyst", "Data analyst", description="Looks at your data.", python=True)
EC2 = agent("ec2", "EC2 instances", python=False)
UNESCAPED = "!'()*-._~"
"""What a browser leaves in an address as it is."""
CONVERSATION = f"GET /conversations/{ID}"
NOTEBOOK = f"GET /conversations/{ID}/notebook"
HIDDEN = "x = 'a\u202eb\u00a0c\u200b⟨'"
CODE = [
    "import pandas as pd",
    "df = pd.read_csv('sales.csv')",
    "for week in df:",
    "    print(week)",
    HIDDEN,
]
LONG = "\n".join(f"value_{number} = compute({number})" for number in range(60))
TABLE = "   week  amount\n0     1    10.5\n1     2  1200.0" + "  wide column" * 12
TRACEBACK = "Traceback (most recent call last):\n  Cell In[3], line 1\nKeyError: 'wek'"


def png(width=64, height=48):
    """A picture of one colour."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x20\x70\xb0" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def ran(call_id, code, **more):
    """A call of the notebook."""
    call = tool_call("run_python_code", arguments={"code": code, "query": "sales"}, outside=True)
    return {**call, "id": call_id, **more}


def asked(number, *calls, **more):
    """A turn of the analyst."""
    given = {"agent": "analyst", "reply": "Look.", "tool_calls": list(calls), **more}
    return told(number, f"question {number}", **given)


def talk(*turns, title="Sales by week"):
    return {**transcript(*turns), "agent": "analyst", "title": title}


def cell(call_id, *pictures):
    return {
        "call_id": call_id,
        "agent": "analyst",
        "function": "run_python_code",
        "status": "succeeded",
        "created_at": at(),
        "pictures": list(pictures),
    }


def picture(number=1, mime="image/png", alt="a line that rises"):
    return {"number": number, "mime": mime, "alt": alt}


def notebook(*cells, files=()):
    rows = [{"name": name, "bytes": size, "created_at": at()} for name, size in files]
    return {"files": rows, "cells": list(cells)}


def picture_route(call_id, number=1):
    return f"GET /conversations/{ID}/notebook/cells/{call_id}/pictures/{number}"


def file_route(name, method="PUT", conversation=ID):
    return f"{method} /conversations/{conversation}/files/{quote(name, safe=UNESCAPED)}"


def kept(name, size=8):
    """What the API answers for a file that is there now."""
    return {"conversation_id": ID, "name": name, "bytes": size}


def begun(pages, *turns, cells=(), files=()):
    """The page of this conversation."""
    pages.says(CONVERSATION, talk(*turns))
    pages.says(NOTEBOOK, notebook(*cells, files=files))
    return pages.opens(f"/?c={ID}")


ROWS = b"week,amount\n1,10.5\n" * 50


def file(name="sales.csv", content=ROWS):
    """A file as somebody chooses it."""
    return {"name": name, "mimeType": "text/csv", "buffer": content}


def choose(page, *files):
    page.locator("#attach-files").set_input_files(list(files))


def rows(page):
    """Files on their way."""
    return page.locator(".upload")


def said(pages, route):
    return [body for method, path, body in pages.sent if f"{method} {path}" == route]
