"""A filter of system calls for the child: no sockets, no tracing, no signals to others.

The kernel's own sockets are local ones, made before a second filter refuses all others.

The kernel applies it to the child and to all that it starts; nothing takes it off again. Where the kernel knows no
filters, or the processor is not in the table, `install` says so and nothing has changed.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Callable, Iterable, Mapping

_ARCHITECTURES: Mapping[str, tuple[int, int]] = {
    "x86_64": (0xC000003E, 0),
    "aarch64": (0xC00000B7, 1),
}
"""The audit number, and the column of the tables below."""
_SECCOMP = (317, 277)

_NUMBERS: Mapping[str, tuple[int, int]] = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clone": (56, 220),
    "clone3": (435, 435),
    "fcntl": (72, 25),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "memfd_create": (319, 279),
    "migrate_pages": (256, 238),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "msgget": (68, 186),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "prlimit64": (302, 261),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "semget": (64, 190),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "shmget": (29, 194),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "tgkill": (234, 131),
    "tkill": (200, 130),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
_WITH_CONDITIONS = frozenset(
    {"clone", "fcntl", "ioctl", "kill", "prlimit64", "socket", "socketpair", "tgkill"}
)
_ANSWERS: Mapping[str, int] = {"clone3": errno.ENOSYS, "sched_setscheduler": 0}
"""The C library falls back to clone, whose flags a filter can read; ZeroMQ ends the process where scheduling is
refused, so it is told that it was done."""

_LOAD, _EQUALS, _AT_LEAST, _HAS_BITS, _RETURN, _AND = 0x20, 0x15, 0x35, 0x45, 0x06, 0x54
_ALLOW, _KILL_PROCESS, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_AF_UNIX, _STREAM, _KIND_BITS = 1, 1, 0xF
_NEW_NAMESPACES = 0x7E020080
_OTHER_CONVENTION = 0x40000000
_SETS_OWNER = (8, 10, 15)
"""fcntl's ways to name who gets a signal: set owner, set signal, set owner as structure."""
_SETS_OWNER_BY_IOCTL = (0x8901, 0x8902)
_NO_NEW_PRIVILEGES, _SET_FILTER, _ALL_THREADS = 38, 1, 1

Instruction = tuple[int, int, int, int]


def install(*, is_alone: bool) -> bool:
    """Apply the filter to this process for good; False where that cannot be had.

    Alone in its namespace a process may send signals to whom it sees; elsewhere to itself only.
    """
    return _apply(lambda machine: program(machine, os.getpid(), is_alone=is_alone))


def refuse_sockets() -> bool:
    """From now on no socket at all for this process, but pairs that only speak with each other."""
    return _apply(without_sockets)


def _apply(instructions: Callable[[str], list[Instruction]]) -> bool:
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ARCHITECTURES:
        return False
    packed = b"".join(struct.pack("<HBBI", *one) for one in instructions(machine))
    room = ctypes.create_string_buffer(packed, len(packed))
    header = ctypes.create_string_buffer(
        struct.pack("@HP", len(packed) // 8, ctypes.addressof(room))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    number = _SECCOMP[_ARCHITECTURES[machine][1]]
    return bool(libc.syscall(number, _SET_FILTER, _ALL_THREADS, ctypes.byref(header)) == 0)


def without_sockets(machine: str) -> list[Instruction]:
    """The instructions that refuse every new socket."""
    _, column = _ARCHITECTURES[machine]
    refused = _when(_NUMBERS["socket"][column], [_refusal(errno.EPERM)])
    return [*_beginning(machine), *refused, (_RETURN, 0, 0, _ALLOW)]


def program(machine: str, own_id: int, *, is_alone: bool) -> list[Instruction]:
    """The filter's instructions; unless it is alone, signals and limits are for the process `own_id` only."""
    _, column = _ARCHITECTURES[machine]
    number = {name: numbers[column] for name, numbers in _NUMBERS.items()}
    steps = _beginning(machine)
    for name in sorted(number.keys() - _WITH_CONDITIONS):
        steps += _when(number[name], [_refusal(_ANSWERS.get(name, errno.EPERM))])
    steps += _when(
        number["clone"],
        [(_LOAD, 0, 0, _FIRST_ARGUMENT), (_HAS_BITS, 0, 1, _NEW_NAMESPACES), _refusal(errno.EPERM)],
    )
    steps += _when(number["socket"], _unless(_FIRST_ARGUMENT, (_AF_UNIX,)))
    # A pair of datagram sockets could be pointed elsewhere afterwards.
    steps += _when(number["socketpair"], _unless(_SECOND_ARGUMENT, (_STREAM,), bits=_KIND_BITS))
    if not is_alone:
        for name in ("kill", "prlimit64", "tgkill"):
            steps += _when(number[name], _unless(_FIRST_ARGUMENT, (0, own_id)))
        steps += _when(number["fcntl"], _if(_SECOND_ARGUMENT, _SETS_OWNER))
        steps += _when(number["ioctl"], _if(_SECOND_ARGUMENT, _SETS_OWNER_BY_IOCTL))
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _beginning(machine: str) -> list[Instruction]:
    """Ends a process that calls as another processor would; then the call's number is at hand."""
    audited, column = _ARCHITECTURES[machine]
    steps: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUALS, 1, 0, audited),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if column == 0:
        steps += [(_AT_LEAST, 0, 1, _OTHER_CONVENTION), (_RETURN, 0, 0, _KILL_PROCESS)]
    return steps


def _when(number: int, then: list[Instruction]) -> list[Instruction]:
    """Steps for one system call; whatever they do not refuse is allowed."""
    return [(_EQUALS, 0, len(then) + 1, number), *then, (_RETURN, 0, 0, _ALLOW)]


def _unless(argument: int, allowed: Iterable[int], *, bits: int = 0xFFFFFFFF) -> list[Instruction]:
    values = tuple(allowed)
    tests = [(_EQUALS, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [(_LOAD, 0, 0, argument), (_AND, 0, 0, bits), *tests, _refusal(errno.EPERM)]


def _if(argument: int, refused: Iterable[int]) -> list[Instruction]:
    values = tuple(refused)
    tests = [(_EQUALS, len(values) - 1 - at, 0, value) for at, value in enumerate(values[:-1])]
    return [
        (_LOAD, 0, 0, argument),
        *tests,
        (_EQUALS, 0, 1, values[-1]),
        _refusal(errno.EPERM),
    ]


def _refusal(code: int) -> Instruction:
    return (_RETURN, 0, 0, _REFUSE | code)
