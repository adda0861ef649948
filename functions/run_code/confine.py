"""Namespaces of its own for the child: no network, no other processes, a file system of what Python needs.

Runs in the warden, a process started for one run; nothing of it touches the process that asked.
"""

import ctypes
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

NOBODY = 65534
WORK_MB = 256
"""What a run may keep in files; lies in memory."""
_NEW_USER, _NEW_MOUNTS, _NEW_PROCESSES = 0x10000000, 0x00020000, 0x20000000
_NEW_NETWORK, _NEW_IPC, _NEW_NAME = 0x40000000, 0x08000000, 0x04000000
_NAMESPACES = _NEW_USER | _NEW_PROCESSES | _NEW_NETWORK | _NEW_IPC | _NEW_NAME
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_EXECUTION = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 32, 4096, 16384, 1 << 18
_DETACH = 2
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/lib32",
    "/bin",
    "/sbin",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/fonts",
)
_DEVICES = ("null", "zero", "full", "random", "urandom")

INSIDE_WORK = "/run/work"


class NoNamespaces(Exception):
    """This machine gives no namespaces to a process like this one."""


def enter_namespaces() -> None:
    """Leave the machine's users, network and, for children, processes; raises `NoNamespaces`."""
    user, group = os.geteuid(), os.getegid()
    maps = _maps(user), _maps(group)
    if user != 0:
        _checked(_libc().unshare(_NAMESPACES), "unshare")
        _write_maps("self", *maps)
        return
    # Two ids are mapped by somebody outside: root inside to mount, and nobody to run what nobody has read.
    ready, tell = os.pipe()
    warden = os.getpid()
    mapper = os.fork()
    if mapper == 0:
        os.read(ready, 1)
        try:
            _write_maps(str(warden), *maps)
        except NoNamespaces:
            os._exit(1)
        os._exit(0)
    try:
        _checked(_libc().unshare(_NAMESPACES), "unshare")
    finally:
        os.write(tell, b".")
        _, status = os.waitpid(mapper, 0)
        os.close(ready)
        os.close(tell)
    if status != 0:
        raise NoNamespaces("its users could not be mapped")


def build_root(directory: Path, readable: Sequence[str]) -> None:
    """Make `directory` a file system with Python, devices and an empty work folder, and go there for good."""
    _checked(_libc().unshare(_NEW_MOUNTS), "unshare")
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)
    root = directory / "root"
    root.mkdir()
    _mount("tmpfs", root, "tmpfs", _NO_SETUID | _NO_DEVICES, "size=8m,mode=755")
    work = root / INSIDE_WORK.lstrip("/")
    work.mkdir(parents=True)
    _mount("tmpfs", work, "tmpfs", _NO_SETUID | _NO_DEVICES, f"size={WORK_MB}m,nr_inodes=16384")
    shutil.copytree(directory / "home", work / "home")
    (work / "scratch").mkdir()
    for path in (work, *work.rglob("*")):
        _give(path)
    # What the child may read can itself lie below /tmp, so that comes first.
    (root / "tmp").mkdir()
    _mount(work / "scratch", root / "tmp", "", _BIND)
    for name in (*_SYSTEM, *readable):
        _show(root, Path(name))
    (root / "dev").mkdir()
    for device in _DEVICES:
        (root / "dev" / device).touch()
        _mount(f"/dev/{device}", root / "dev" / device, "", _BIND)
    (root / "dev" / "shm").mkdir()
    _mount("tmpfs", root / "dev" / "shm", "tmpfs", _NO_SETUID | _NO_DEVICES, "size=16m,mode=1777")
    (root / "proc").mkdir()
    _mount("proc", root / "proc", "proc", _NO_SETUID | _NO_DEVICES | _NO_EXECUTION)
    os.chdir(root)
    _checked(_libc().pivot_root(b".", b"."), "pivot_root")
    _checked(_libc().umount2(b".", _DETACH), "umount2")
    os.chdir("/")
    _mount("none", "/", "", _REMOUNT | _READ_ONLY | _NO_SETUID | _NO_DEVICES)


def become_nobody() -> None:
    """Leave root behind where it was root that entered; another user stays who it is."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def _maps(own: int) -> str:
    return f"{own} {own} 1\n" if own != 0 else f"0 0 1\n{NOBODY} {NOBODY} 1\n"


def _write_maps(process: str, users: str, groups: str) -> None:
    try:
        if users.count("\n") == 1:
            Path(f"/proc/{process}/setgroups").write_text("deny")
        Path(f"/proc/{process}/uid_map").write_text(users)
        Path(f"/proc/{process}/gid_map").write_text(groups)
    except OSError as error:
        raise NoNamespaces(f"its users could not be mapped: {error.strerror}") from error


def _show(root: Path, path: Path) -> None:
    """The same path inside, for reading only; links stay links."""
    place = root / str(path).lstrip("/")
    if not path.exists() or place.exists() or place.is_symlink():
        return
    if path.is_symlink() and path.parent == Path("/"):
        place.symlink_to(path.readlink())
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        place.mkdir()
    else:
        place.touch()
    _mount(path, place, "", _BIND | _RECURSIVE)
    flags = _flags_of(place) | _NO_SETUID | _NO_DEVICES
    _mount("none", place, "", _BIND | _REMOUNT | _READ_ONLY | flags)


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def _flags_of(path: str | Path) -> int:
    """The flags of a mount that somebody outside has set; they have to stay."""
    held = os.statvfs(path).f_flag
    return held & (_NO_SETUID | _NO_DEVICES | _NO_EXECUTION)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _mount(
    source: str | Path, target: str | Path, kind: str, flags: int, options: str = ""
) -> None:
    answer = _libc().mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _checked(answer, f"mount {Path(target).name}")


def _checked(answer: int, what: str) -> None:
    if answer != 0:
        raise NoNamespaces(f"{what}: {os.strerror(ctypes.get_errno())}")
