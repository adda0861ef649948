"""Keeps a process to the files it needs, and away from other processes, where Linux knows Landlock (5.13 and later).

Namespaces do more; this is for where there are none. Where Linux does not know it, nothing has changed.
https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""The same numbers on every processor."""
_ASK_VERSION, _BELOW_PATH = 1, 1
_NO_NEW_PRIVILEGES = 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14
"""What a rule for a single file may name; 1 << 14 is to shorten it."""
_RIGHTS_SINCE = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14))
_ALL_PORTS, _PORTS_SINCE = 3, 4
_ALL_SCOPES, _SCOPES_SINCE = 3, 6
"""No signals to processes outside, no sockets of theirs by name."""
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/sbin",
    "/opt",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/fonts",
    "/proc",
    "/sys/devices/system/cpu",
    "/dev/random",
    "/dev/urandom",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/shm")  # noqa: S108


def keep_to(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """Nothing but these, and the system's own folders, for this process for good; False where that cannot be had."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, 0, _ASK_VERSION)
    if version < 1:
        return False
    rights = 0
    for since, more in _RIGHTS_SINCE:
        rights |= more if version >= since else 0
    ports = _ALL_PORTS if version >= _PORTS_SINCE else 0
    scopes = _ALL_SCOPES if version >= _SCOPES_SINCE else 0
    wanted = struct.pack("@QQQ", rights, ports, scopes)
    size = 24 if scopes else 16 if ports else 8
    rules = libc.syscall(_CREATE, wanted, size, 0)
    if rules < 0:
        return False
    try:
        for path in (*_SYSTEM, *readable):
            _allow(libc, rules, path, _READ & rights)
        for path in (*_DEVICES, *writable):
            _allow(libc, rules, path, rights)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    """What is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH)
    except OSError:
        return
    try:
        is_folder = Path(path).is_dir()
        rule = struct.pack("=Qi", rights if is_folder else rights & _FILE_RIGHTS, place)
        libc.syscall(_ADD_RULE, rules, _BELOW_PATH, rule, 0)
    finally:
        os.close(place)
