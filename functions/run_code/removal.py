"""Removes what a run has left, however deep, closed or odd it is."""

import os
import secrets
from collections.abc import Iterator
from itertools import count
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def remove(path: Path) -> None:
    """Nothing lies there any more, and nothing was followed elsewhere; raises `OSError` where something stays.

    Folders within folders are first moved to the top, so that neither depth nor the length of a path counts.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    path.chmod(0o700)
    top = os.open(path, _FOLDER)
    moved = (f"{secrets.token_hex(8)}-{number}" for number in count())
    try:
        while names := _names(top):
            for name, is_folder in names:
                if is_folder:
                    _empty(name, top, moved)
                    os.rmdir(name, dir_fd=top)
                else:
                    os.unlink(name, dir_fd=top)
    finally:
        os.close(top)
    path.rmdir()


def _empty(name: str, top: int, moved: Iterator[str]) -> None:
    os.chmod(name, 0o700, dir_fd=top)
    folder = os.open(name, _FOLDER, dir_fd=top)
    try:
        for inner, is_folder in _names(folder):
            if is_folder:
                # What is moved must be open to its owner.
                os.chmod(inner, 0o700, dir_fd=folder)
                os.rename(inner, next(moved), src_dir_fd=folder, dst_dir_fd=top)
            else:
                os.unlink(inner, dir_fd=folder)
    finally:
        os.close(folder)


def _names(folder: int) -> list[tuple[str, bool]]:
    """What lies in a folder, and whether it is a folder itself; a link is none."""
    with os.scandir(folder) as entries:
        return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
