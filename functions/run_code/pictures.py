"""Whether what a cell calls a picture is one, of a size that a browser can show."""

import base64
import binascii
import struct

MOST_PIXELS = 4096
"""Each way: a small file can name a size that fills a reader's memory."""
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG's segments that hold a size."""
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


def is_picture(mime: str, text: str) -> bool:
    """Whether a base64 text is a PNG or JPEG, as its MIME type says, that is not too large."""
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
        size = {"image/png": _png_size, "image/jpeg": _jpeg_size}[mime](content)
    except (binascii.Error, ValueError, KeyError, IndexError, struct.error):
        return False
    return all(0 < side <= MOST_PIXELS for side in size)


def _png_size(content: bytes) -> tuple[int, int]:
    if not content.startswith(_PNG) or content[12:16] != b"IHDR":
        raise ValueError(content[:16])
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    if not content.startswith(_JPEG):
        raise ValueError(content[:16])
    at = len(_JPEG)
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _SIZES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += (
            2 if marker in _WITHOUT_LENGTH else 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
        )
    raise ValueError(at)
