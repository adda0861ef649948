"""Cells and pictures as the sandbox gives them."""

import base64
import struct
import zlib

from functions.shared.aws import client
from functions.shared.notebook import Cell
from functions.shared.notebook_store import NotebookStore
from tests.support.account import NOTEBOOKS

AT = "2026-11-21T03:00:00Z"


def store(clock=None, bucket=NOTEBOOKS):
    more = {"clock": clock} if clock else {}
    return NotebookStore(lambda: client("s3"), bucket, **more)


def cell(call_id, source="1 + 1", *, text="2", outputs=(), status="succeeded", **more):
    return Cell(
        call_id=call_id,
        agent="analyst",
        function="run_python_code",
        source=source,
        status=status,
        text=text,
        outputs=tuple(outputs),
        at=AT,
        **more,
    )


def png(extra=b""):
    """The smallest picture there is, and as many bytes more as a test wants."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixel = chunk(b"IDAT", zlib.compress(b"\0\0"))
    note = chunk(b"tEXt", b"note\0" + extra) if extra else b""
    return b"\x89PNG\r\n\x1a\n" + header + note + pixel + chunk(b"IEND", b"")


def shows(content, mime="image/png", alt="<Figure size 640x480 with 1 Axes>"):
    """An output that shows a picture."""
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {mime: base64.b64encode(content).decode(), "text/plain": alt},
    }


def writes(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def value(text, **more):
    """An output that is the cell's value."""
    return {
        "output_type": "execute_result",
        "execution_count": 7,
        "metadata": {},
        "data": {"text/plain": text, **more},
    }


def raises(name="ZeroDivisionError", message="division by zero"):
    return {
        "output_type": "error",
        "ename": name,
        "evalue": message,
        "traceback": [f"{name}: {message}"],
    }
