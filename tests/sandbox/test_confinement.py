"""What code cannot see or reach, here and where no namespaces hold; after each attempt the next call works."""

import ast
import json
import os
import socket
import threading
from pathlib import Path

import pytest

SECRET = "hunter2-in-the-parent"


@pytest.fixture
def a_secret(monkeypatch):
    """In this process's environment and memory, as a Lambda's keys would be."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return SECRET


@pytest.fixture
def listener():
    """A service on this machine, as the Lambda runtime's is; counts who reaches it."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.2)
        reached, is_over = [], threading.Event()

        def accept():
            while not is_over.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                reached.append(address)
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        yield server.getsockname(), reached
        is_over.set()
        thread.join()


def test_the_environment_holds_python_s_own_variables_alone(anywhere, a_secret):
    names = anywhere.text("import os\n' '.join(sorted(os.environ))").split()
    assert not [name for name in names if name.startswith(("AWS", "LAMBDA", "_X_AMZN", "OPENAI"))]
    assert {"HOME", "TMPDIR", "LANG", "PATH"} <= set(names)
    assert SECRET not in anywhere.text("open('/proc/self/environ').read()")
    assert anywhere.works()


READ_EVERYTHING = """
import glob
found = []
for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):
    try:
        found.append(open(path, 'rb').read())
    except OSError:
        pass
b'hunter2' in b''.join(found)
"""


def test_no_process_s_environment_can_be_read_but_its_own(anywhere, a_secret):
    assert (f"AWS_SECRET_ACCESS_KEY={SECRET}" in Path("/proc/self/environ").read_text()) is False
    assert anywhere.text(READ_EVERYTHING) == "False"
    assert anywhere.works()


LOOK_INTO = """
import os
process, told = {parent}, set()
for look in (
    lambda: open(f'/proc/{{process}}/environ', 'rb').read(),
    lambda: open(f'/proc/{{process}}/mem', 'rb'),
    lambda: open(f'/proc/{{process}}/maps').read(),
    lambda: os.readlink(f'/proc/{{process}}/fd/0'),
    lambda: os.listdir(f'/proc/{{process}}/root/'),
    lambda: os.listdir(f'/proc/{{process}}/cwd/'),
):
    try:
        told.add(str(look()))
    except OSError as error:
        told.add(type(error).__name__)
sorted(told)
"""


def test_the_parent_cannot_be_looked_into(anywhere):
    refused = {"namespaces": ["FileNotFoundError"], "vpc": ["PermissionError"]}
    text = anywhere.text(LOOK_INTO.format(parent=os.getpid()))
    assert text == str(refused[anywhere.confinement])
    assert anywhere.works()


def test_the_parent_cannot_be_traced_nor_written_to(anywhere):
    code = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
parent, room = {os.getpid()}, ctypes.create_string_buffer(16)
piece = (ctypes.c_size_t * 2)(ctypes.addressof(room), 16)
[libc.ptrace(16, parent, 0, 0), libc.process_vm_readv(parent, piece, 1, piece, 1, 0),
 libc.process_vm_writev(parent, piece, 1, piece, 1, 0)]
"""
    assert anywhere.text(code) == "[-1, -1, -1]"
    assert anywhere.works()


# Signal 0 asks for the same permission as any other and does nothing: where the guard is broken, a test ends nobody.
SIGNALS = """
import os, resource, signal
told = set()
for reach in (
    lambda: os.kill({parent}, 0),
    lambda: signal.pidfd_send_signal(os.pidfd_open({parent}), 0),
    lambda: resource.prlimit({parent}, resource.RLIMIT_CPU),
    lambda: os.setpriority(os.PRIO_PROCESS, {parent}, os.getpriority(os.PRIO_PROCESS, 0)),
    lambda: os.sched_setaffinity({parent}, os.sched_getaffinity(0)),
):
    try:
        reach()
        told.add('reached')
    except OSError as error:
        told.add(type(error).__name__)
sorted(told)
"""


def test_no_signal_and_no_limit_reaches_the_parent(anywhere):
    told = ast.literal_eval(anywhere.text(SIGNALS.format(parent=os.getpid())))
    assert told
    assert set(told) <= {"PermissionError", "ProcessLookupError"}
    assert anywhere.works()


def test_whoever_stands_between_takes_no_signal_where_it_has_the_same_user(anywhere):
    if anywhere.confinement != "vpc":
        pytest.skip("In a namespace of its own the warden is out of sight.")
    assert "PermissionError" in anywhere.text("import os\nos.kill(os.getppid(), 0)")
    assert anywhere.works()


def test_no_descriptor_s_owner_can_be_made_the_parent(anywhere):
    """The kernel would send the signal that kill may not."""
    if anywhere.confinement != "vpc":
        pytest.skip("In a namespace of its own no number names a process outside.")
    code = f"import fcntl, os\nread, write = os.pipe()\nfcntl.fcntl(read, fcntl.F_SETOWN, {os.getpid()})"
    assert "PermissionError" in anywhere.text(code)
    assert anywhere.works()


ADDRESSES = {
    "instance metadata": ("169.254.169.254", 80),
    "container credentials": ("169.254.170.2", 80),
    "the Lambda runtime": ("127.0.0.1", 9001),
    "outside": ("1.1.1.1", 53),
    "version 6": ("::1", 80),
}


def test_no_address_is_reached(anywhere):
    code = f"""
import socket
told = {{}}
for name, address in {ADDRESSES!r}.items():
    try:
        socket.create_connection(address, timeout=2)
    except OSError as error:
        told[name] = type(error).__name__
told
"""
    assert ast.literal_eval(anywhere.text(code)) == dict.fromkeys(ADDRESSES, "PermissionError")
    assert anywhere.works()


def test_a_service_of_this_machine_hears_nothing(anywhere, listener):
    address, reached = listener
    code = f"""
import socket
told = set()
for kind in ((2, 1), (2, 2), (2, 3), (10, 1), (16, 3), (17, 3), (40, 1)):
    try:
        socket.socket(*kind).connect({address!r})
        told.add('reached')
    except OSError as error:
        told.add(type(error).__name__)
told
"""
    assert anywhere.text(code) == "{'PermissionError'}"
    assert reached == []
    assert anywhere.works()


def test_a_run_s_own_network_has_nothing_but_itself(confined):
    """The namespace, which holds where the filter would not."""
    names = "[line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line]"
    assert confined.text(names) == "['lo']"
    assert confined.text("open('/proc/net/route').read() == ''") == "True"
    assert confined.works()


def test_no_way_back_into_other_namespaces_or_mounts(anywhere):
    code = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
[libc.unshare(0x10000000), libc.unshare(0x40000000), libc.mount(b'none', b'/', b'tmpfs', 0, None),
 libc.setns(os.open('/proc/self/ns/net', 0), 0), libc.chroot(b'/')]
"""
    assert anywhere.text(code) == "[-1, -1, -1, -1, -1]"
    assert "CapEff:\t0000000000000000" in anywhere.text("open('/proc/self/status').read()")
    assert anywhere.works()


def test_the_machine_s_files_are_out_of_sight(confined, tmp_path):
    secret = tmp_path / "credentials"
    secret.write_text("aws_secret_access_key = hunter2")
    code = f"import os\n[os.path.exists(p) for p in ({str(secret)!r}, '/etc/passwd', '/etc/shadow', '/var', '/home')]"
    assert confined.text(code) == "[False, False, False, False, False]"
    read_only = "OSError" in confined.text("open('/usr/x', 'w')")
    assert read_only or "PermissionError" in confined.text("open('/usr/x', 'w')")
    assert confined.works()


LEAVE = """
import os, tempfile
for place in ('.', tempfile.gettempdir(), os.environ['HOME'], '../..'):
    try:
        open(f'{place}/left-by-one', 'w').write('secret')
    except OSError:
        pass
"""
LOOK = """
import glob, os, tempfile
found = []
for place in ('.', tempfile.gettempdir(), os.environ['HOME'], '../..'):
    found += glob.glob(f'{place}/**/left-by-one', recursive=True)
found
"""


def test_nothing_of_an_earlier_run_is_found_in_a_later_one(anywhere):
    assert anywhere.text(LEAVE) == "Done"
    assert anywhere.text(LOOK, cells=[]) == "[]"
    assert anywhere.works()


EVERYWHERE = """
import glob
told = set()
for line in open('/proc/mounts'):
    place = line.split()[1]
    for folder in ('', *glob.glob(place.rstrip('/') + '/*/')):
        try:
            open((folder or place) + '/written', 'w').close()
            told.add(place)
        except OSError:
            pass
told = sorted(told - {'/'} | {one for one in glob.glob('/*/written')})
"""
OWN = ["/dev/shm", "/run/work", "/tmp", "/tmp/written"]  # noqa: S108


def test_nothing_outside_a_run_s_own_folders_can_be_written(confined):
    """What is its own lies in memory and has a size; the machine's disk would have none."""
    assert confined.text(f"{EVERYWHERE}told") == str(OWN)
    module = f"def f():\n    exec({EVERYWHERE!r}, globals())\n    return told"
    assert confined.call(module, "f")["text"] == json.dumps(OWN)
    assert confined.works()
