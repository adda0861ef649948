"""The files that a manifest names: found beside it or above it, never outside its root."""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

HOMES = ("agents", "manifests")
"""What a folder of manifests is called; the folder that holds it is the root of what they may name."""
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")


class FileRefused(Exception):
    """A named file is not to be had; `code` says whether it is missing or outside."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Folder:
    """Where one manifest looks for files: its own folder first, then each above it up to the root."""

    own: Path
    root: Path
    read: set[Path] = field(default_factory=set, compare=False)
    """What was found: files, and the folders that were listed."""

    @classmethod
    def of(cls, manifest: Path, root: Path | None = None) -> "Folder":
        """The manifest's folder, confined to a root; by default the one its folders' names give."""
        own = manifest.parent.resolve()
        return cls(own, root.resolve() if root else _root_above(own))

    def find(self, name: str) -> Path:
        """The file of a name as a manifest writes it; raises `FileRefused`."""
        _check_name(name)
        leaves = False
        for folder in self._folders():
            try:
                found = (folder / name).resolve()
                is_file = found.is_file()
            except (OSError, RuntimeError):
                continue
            if found.is_relative_to(self.root):
                if is_file:
                    self.read.add(found)
                    return found
            elif is_file or folder == self.own:
                leaves = True
        if leaves:
            raise FileRefused("file_outside", f"{name!r} leads out of {self.root.name}/")
        raise FileRefused("file_missing", f"there is no file {name!r}")

    def place(self, name: str) -> Path:
        """The file or folder of a name that is the same below another folder: no `..`, nothing hidden, no link.

        Raises `FileRefused`.
        """
        _check_name(name)
        parts = PurePosixPath(name).parts
        if not parts or any(part.startswith(".") for part in parts):
            message = f"{name!r} is no name below the manifest's folder, or is hidden"
            raise FileRefused("bad_resource", message)
        for folder in self._folders():
            place = folder
            for part in parts:
                place /= part
                if place.is_symlink():
                    raise FileRefused("resource_link", f"{name!r} is a link, or lies in one")
            if place.exists():
                return place
        raise FileRefused("file_missing", f"there is no file or folder {name!r}")

    def shown(self, file: Path) -> str:
        """A found file as messages name it."""
        return str(file.relative_to(self.root))

    def _folders(self) -> list[Path]:
        if not self.own.is_relative_to(self.root):
            return [self.own]
        above = [self.own, *self.own.parents]
        return above[: above.index(self.root) + 1]


def _check_name(name: str) -> None:
    if "\0" in name or "\\" in name or _SCHEME.match(name):
        raise FileRefused("file_outside", f"{name!r} is not the name of a file beside it")
    if Path(name).is_absolute():
        raise FileRefused("file_outside", f"{name!r} leaves the manifest's folder")


def _root_above(own: Path) -> Path:
    """The folder that holds the nearest `agents` or `manifests`, one in the other counted as one."""
    for folder in (own, *own.parents):
        if folder.name in HOMES:
            while folder.parent.name in HOMES:
                folder = folder.parent  # noqa: PLW2901
            return folder.parent
    return own
