"""The files that a run finds in its folder: named inside it, no larger than they may be."""

import base64
import binascii
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from functions.run_code.failure import RunFailed

FILE_BYTES = 10 * 1024 * 1024
ALL_BYTES = 40 * 1024 * 1024
NAME_CHARACTERS, PART_BYTES = 200, 255
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class File:
    """A name below the run's folder, and what stands in the file."""

    name: str
    content: bytes


def unpacked(packed: list[tuple[str, str]]) -> list[File]:
    """Files from their base64 of gzip; raises `RunFailed` for a name or a size that may not be."""
    files: list[File] = []
    for name, text in packed:
        files.append(File(_checked(name), _content(name, text)))
        if sum(len(file.content) for file in files) > ALL_BYTES:
            raise RunFailed("files_too_large", "The files are larger than 40 MB together.")
    names = {file.name for file in files}
    folders = {str(folder) for name in names for folder in PurePosixPath(name).parents} - {"."}
    if len(names) < len(files) or names & folders:
        raise RunFailed("bad_file", "Two of the files have the same name.")
    return files


def _checked(name: str) -> str:
    path = PurePosixPath(name)
    is_inside = not path.is_absolute() and ".." not in path.parts and path.parts
    is_short = len(name) <= NAME_CHARACTERS and all(
        len(part.encode("utf-8", "replace")) <= PART_BYTES for part in path.parts
    )
    if not (is_inside and name.isprintable() and is_short):
        raise RunFailed("bad_file", f"The file name {name[:64]!r} cannot be used.")
    return str(path)


def _content(name: str, text: str) -> bytes:
    """One gzip from its beginning to its end; at most 10 MB of it is ever unpacked."""
    try:
        unpacking = zlib.decompressobj(_GZIP)
        content = unpacking.decompress(base64.b64decode(text, validate=True), FILE_BYTES + 1)
    except (binascii.Error, zlib.error) as error:
        raise RunFailed("bad_file", f"The file {name[:64]!r} cannot be unpacked.") from error
    if len(content) > FILE_BYTES:
        raise RunFailed("files_too_large", f"The file {name[:64]!r} is larger than 10 MB.")
    if not unpacking.eof or unpacking.unused_data:
        raise RunFailed("bad_file", f"The file {name[:64]!r} cannot be unpacked.")
    return content
