"""Builds each Lambda's zip without Docker: its room, functions/shared, its own group's packages.

What others wrote goes in as .pyc alone, what we wrote as .py beside its .pyc; every .pyc is valid for
the target without a look at dates (unchecked hash), because a zip has none. Equal input is built once
and kept under build/.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.agents import FILE as AGENTS_FILE
from infra.code_files import FILE as CODE_FILES
from infra.interpreter import Target
from infra.requirements import LOCKED, installer

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "packages"
SHARED = "functions/shared"
CARRIES_AGENTS = ("chat", "pages", "run_action", "ask_sandbox")
CARRIES_CODE = ("ask_sandbox",)
KEPT_SECONDS = 24 * 3600
"""How long something unused stays in the cache."""

COMPILE = """
import compileall, py_compile, sys
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
sys.exit(not compileall.compile_dir(
    sys.argv[1], quiet=1, force=True, legacy=sys.argv[2] == "legacy", invalidation_mode=mode,
    stripdir=sys.argv[1], prependdir="/var/task",
))
"""
UNUSED_AT_RUNTIME = (
    "bin",
    "**/__pycache__",
    "**/*.pyi",
    "**/py.typed",
    "**/*.dist-info/RECORD",
    "**/*.dist-info/INSTALLER",
    "**/*.dist-info/REQUESTED",
    "**/*.dist-info/WHEEL",
    "**/*.dist-info/entry_points.txt",
    "**/*.dist-info/top_level.txt",
    ".lock",
)
UNUSED_IN: Mapping[str, tuple[str, ...]] = {
    "run_code": (
        "debugpy",
        "jedi",
        "parso",
        "etc",
        "share",
        "include",
        "**/tests",
        "**/*.a",
        "**/*.h",
        "**/*.pxd",
        "**/*.pyx",
        "**/sboms",
        "matplotlib/mpl-data/sample_data",
        "numpy/_core/include",
        "numpy/f2py",
    ),
}
"""What one room does without: a debugger, completion, tests, sources for compilers."""
NEEDED_IN: Mapping[str, tuple[str, ...]] = {"run_code": ("**/*.dist-info/entry_points.txt",)}
"""What one room needs of it: Matplotlib finds `inline` by its entry point."""


class Packages:
    """The zips of one target, built when asked for and kept by their content."""

    def __init__(
        self, *, target: Target, agents: bytes, code_files: bytes = b"{}", cache: Path = CACHE
    ) -> None:
        self._target = target
        self._agents = agents
        self._code_files = code_files
        self._cache = cache

    def zip_of(self, room: str) -> Path:
        """The zip of a room's Lambda."""
        own = self._own_files(room)
        third_party = self.third_party(room)
        digest = hashlib.sha256(third_party.name.encode())
        for name, content in sorted(own.items()):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        file = self._cache / f"{room}-{digest.hexdigest()[:24]}.zip"
        if file.exists():
            os.utime(file)
            return file
        with tempfile.TemporaryDirectory(dir=self._cache) as directory:
            staging = Path(directory) / "own"
            for name, content in own.items():
                (staging / name).parent.mkdir(parents=True, exist_ok=True)
                (staging / name).write_bytes(content)
            self._compile(staging, layout="cached")
            unfinished = Path(directory) / file.name
            write_zip(unfinished, [staging, third_party], level=9 if self._target.platform else 1)
            unfinished.replace(file)
        self._forget_unused()
        return file

    def unzipped_bytes(self, room: str) -> int:
        """What a room's others' code weighs once it is unpacked."""
        packages = self.third_party(room)
        return sum(path.stat().st_size for _, path in entries([packages]))

    def _own_files(self, room: str) -> Mapping[str, bytes]:
        files = {
            str(file.relative_to(ROOT)): file.read_bytes()
            for folder in (SHARED, f"functions/{room}")
            for file in (ROOT / folder).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }
        files["functions/__init__.py"] = b""
        if room in CARRIES_AGENTS:
            files[AGENTS_FILE] = self._agents
        if room in CARRIES_CODE:
            files[CODE_FILES] = self._code_files
        return files

    def third_party(self, room: str) -> Path:
        """The compiled packages of a room's group; groups with equal pins share them."""
        requirements = LOCKED / f"{room}.txt"
        pins = [line for line in requirements.read_text().splitlines() if "#" not in line]
        recipe = [*pins, self._target.identity, Path(__file__).read_text(encoding="utf-8")]
        name = "packages-" + hashlib.sha256("\n".join(recipe).encode()).hexdigest()[:24]
        installed = self._cache / name
        if installed.exists():
            os.utime(installed)
            return installed
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._cache) as directory:
            unfinished = Path(directory) / name
            self._install(requirements, unfinished)
            for pattern in unused_in(room):
                for path in list(unfinished.glob(pattern)):
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            self._compile(unfinished, layout="legacy")
            for source in unfinished.rglob("*.py"):
                source.unlink()
            if not installed.exists():
                unfinished.rename(installed)
        return installed

    def _install(self, requirements: Path, directory: Path) -> None:
        command = [installer(), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--only-binary", ":all:", "--link-mode", "copy"]
        command += ["--python", self._target.interpreter, "--target", str(directory)]
        if self._target.platform:
            command += ["--python-version", self._target.minor]
            command += ["--python-platform", self._target.platform]
        subprocess.run([*command, "--requirements", str(requirements)], check=True)  # noqa: S603

    def _compile(self, directory: Path, *, layout: str) -> None:
        command = [self._target.interpreter, "-I", "-c", COMPILE, str(directory), layout]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": "0"})  # noqa: S603

    def _forget_unused(self) -> None:
        for path in self._cache.glob("*-*"):
            if path.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def unused_in(room: str) -> list[str]:
    """The patterns of what a room's packages are rid of."""
    needed = NEEDED_IN.get(room, ())
    return [one for one in (*UNUSED_AT_RUNTIME, *UNUSED_IN.get(room, ())) if one not in needed]


def write_zip(file: Path, directories: list[Path], *, level: int) -> None:
    """A zip of the directories' files, one over the other; equal files give equal bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, path in sorted(entries(directories)):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())


def entries(directories: list[Path]) -> Iterator[tuple[str, Path]]:
    """Every file below the directories with its name in the zip."""
    for directory in directories:
        for path in directory.rglob("*"):
            if path.is_file():
                yield path.relative_to(directory).as_posix(), path
