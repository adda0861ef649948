"""The files that an agent's Python finds in its folder: as the manifest lists them, by the same names."""

import gzip
import hashlib
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from infra.manifests.code import Resource
from infra.manifests.files import FileRefused, Folder
from infra.manifests.problems import Findings, Key

MEGABYTE = 1024 * 1024
FILE_BYTES = 10 * MEGABYTE
ALL_BYTES = 20 * MEGABYTE
PACKED_BYTES = 2 * MEGABYTE
MOST_FILES = 40
NAME_CHARACTERS = 200
LEFT_OUT = "__pycache__"


def read_resources(
    names: Sequence[str], folder: Folder, findings: Findings
) -> tuple[Resource, ...]:
    """Every file in the order of the names; what cannot be taken is in the findings."""
    found: dict[str, Path] = {}
    for index, name in enumerate(names):
        key: Key = ("resources", index)
        try:
            found |= islice(_files(name, folder), MOST_FILES + 1)
        except FileRefused as error:
            findings.refuse(error.code, key, str(error))
    if len(found) > MOST_FILES:
        message = f"these are more than {MOST_FILES} files"
        findings.refuse("resources_too_large", ("resources",), message)
        return ()
    for name in found:
        if any(str(parent) in found for parent in PurePosixPath(name).parents):
            message = f"{name!r} cannot lie in what is a file"
            findings.refuse("bad_resource", ("resources",), message)
    return _read(sorted(found.items()), findings)


def _read(found: Sequence[tuple[str, Path]], findings: Findings) -> tuple[Resource, ...]:
    resources: list[Resource] = []
    key: Key = ("resources",)
    unpacked = 0
    for name, path in found:
        try:
            with path.open("rb") as opened:
                content = opened.read(FILE_BYTES + 1)
        except OSError as error:
            findings.refuse("file_missing", key, f"{name!r} cannot be read: {error.strerror}")
            continue
        unpacked += len(content)
        if len(content) > FILE_BYTES:
            findings.refuse("resources_too_large", key, f"{name!r} is larger than 10 MB")
            return ()
        packed = gzip.compress(content, mtime=0)
        resources.append(Resource(name, packed, hashlib.sha256(content).hexdigest()))
        if sum(len(one.packed) for one in resources) > PACKED_BYTES:
            findings.refuse("resources_too_large", key, "they are larger than 2 MB, packed")
            return ()
        if unpacked > ALL_BYTES:
            findings.refuse("resources_too_large", key, "they are larger than 20 MB together")
            return ()
    return tuple(resources)


def _files(name: str, folder: Folder) -> Iterator[tuple[str, Path]]:
    """A file, or every file of a folder, by its name in the run; raises `FileRefused`."""
    place = folder.place(name)
    plain = str(PurePosixPath(name))
    is_folder = place.is_dir()
    for path in _below(place, folder.read) if is_folder else [place]:
        called = f"{plain}/{path.relative_to(place).as_posix()}" if is_folder else plain
        if len(called) > NAME_CHARACTERS or not called.isprintable():
            message = f"a run's folder cannot hold the name {called[:64]!r}"
            raise FileRefused("bad_resource", message)
        if path.is_symlink():
            raise FileRefused("resource_link", f"{called!r} is a link")
        if not path.is_file():
            raise FileRefused("bad_resource", f"{called!r} is neither a file nor a folder")
        folder.read.add(path)
        yield called, path


def _below(place: Path, read: set[Path]) -> Iterator[Path]:
    """What is in a folder and in those in it, without what is hidden; links are not followed."""
    read.add(place)
    for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.name == LEFT_OUT:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), read)
        else:
            yield Path(entry.path)
