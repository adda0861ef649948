"""The notebook's kernel, in the confined process alone: ipykernel over local sockets, with an end to what it writes."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq
from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQDisplayPublisher, ZMQInteractiveShell
from jupyter_client.jsonutil import json_clean, json_default
from traitlets.config import Config

from functions.run_code.marks import NAME, OUTPUT_BYTES, PORTS, SNAPSHOT, TEXT

_OWN_ID = os.getpid()
_DESCRIPTORS = {"stdout": 1, "stderr": 2}
LEFT_OUT = "[left out: longer than 1 MB]"


class OutputTooLong(BaseException):
    """More was written than a cell may; no `except Exception` swallows it."""


class _Written:
    """How much the present cell has written; shared by the streams."""

    characters = 0

    @classmethod
    def begin(cls, *_: Any) -> None:
        """A cell before this one has no part in its megabyte."""
        cls.characters = 0


class EndingStream(OutStream):
    """Passes on what the cap allows and one piece more, by which the reader sees that there was more."""

    def write(self, string: str) -> int:
        """Write, and raise `OutputTooLong` once too much was written."""
        if os.getpid() != _OWN_ID:
            # A forked process has no part in the sockets; what it writes to its descriptors is read by this one.
            return os.write(_DESCRIPTORS[self.name], string.encode("utf-8", "replace"))
        left = OUTPUT_BYTES + 1 - _Written.characters
        _Written.characters += len(string)
        if left <= 0:
            raise OutputTooLong
        written = super().write(string[:left]) or 0
        if len(string) > left:
            self.flush()
            raise OutputTooLong
        return written


class DisplayHook(ZMQShellDisplayHook):
    """Tells a value's text beside its notebook form, which quotes strings and names types."""

    def compute_format_data(self, result: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a notebook shows of a value, and its plain text where that differs."""
        data, metadata = super().compute_format_data(result)
        data = _within_cap(data)
        plain = str(result)
        if plain != data.get("text/plain"):
            metadata = {**metadata, TEXT: plain if len(plain) <= OUTPUT_BYTES else LEFT_OUT}
        return data, metadata


class DisplayPublisher(ZMQDisplayPublisher):
    """Shows what is displayed, unless it is too long."""

    def publish(self, data: dict[str, Any], *arguments: Any, **named: Any) -> None:
        """Send it, or a word instead."""
        super().publish(_within_cap(data), *arguments, **named)


class Shell(ZMQInteractiveShell):
    """Has no history file and nobody to ask."""

    displayhook_class = DisplayHook
    display_pub_class = DisplayPublisher

    def _update_exit_now(self, change: object) -> None:
        """Nobody starts a kernel anew between two cells: one that was asked to end stays for the next."""

    def system_piped(self, cmd: str) -> None:
        """Run a line that begins with `!`, without the terminal that ipykernel would open for it."""
        done = subprocess.run(  # noqa: S602
            self.var_expand(cmd, depth=1),
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        sys.stdout.write(done.stdout.decode("utf-8", "replace"))
        self.user_ns["_exit_code"] = done.returncode

    system = system_piped


class Kernel(IPythonKernel):
    shell_class = Shell


class Application(IPKernelApp):
    """ipykernel as an application, with our kernel and streams."""

    kernel_class = Kernel
    outstream_class = "functions.run_code.kernel.EndingStream"
    iopub_port: int

    def init_iopub(self, context: Any) -> None:
        """Publish over the local socket alone: ipykernel would open a port for what forked processes print."""
        socket = context.socket(zmq.XPUB)
        socket.linger = 1000
        socket.setsockopt(zmq.SNDHWM, 0)
        self.iopub_port = self._bind_socket(socket, self.iopub_port)
        self.configure_tornado_logger()
        self.iopub_thread = IOPubThread(socket, pipe=False, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket


def serve(channel: str, key: str, close_behind: Callable[[], None]) -> None:
    """Answer on sockets in the channel's folder until killed; `close_behind` is called once they are open."""
    told = Path(tempfile.gettempdir(), "connection.json")
    place = {"transport": "ipc", "ip": f"{channel}/{NAME}", "key": key, **PORTS}
    told.write_text(json.dumps({**place, "signature_scheme": "hmac-sha256"}))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.Session.packer = f"{__name__}.packed"
    application = Application.instance(config=config, connection_file=str(told))
    with contextlib.suppress(SystemExit):
        application.initialize([])
        application.shell.events.register("pre_run_cell", _Written.begin)
        close_behind()
        application.start()


def packed(message: Any) -> bytes:
    """A message as JSON, whatever stands in it: NaN, half a character, an object that is no JSON."""
    try:
        return json.dumps(message, default=json_default).encode()
    except (TypeError, ValueError, RecursionError):
        return json.dumps(json_clean(message), default=str, skipkeys=True).encode()


def _within_cap(data: dict[str, Any]) -> dict[str, Any]:
    """A snapshot has a cap of its own."""
    return {mime: LEFT_OUT if _is_long(mime, part) else part for mime, part in data.items()}


def _is_long(mime: str, part: Any) -> bool:
    return mime != SNAPSHOT and isinstance(part, str) and len(part) > OUTPUT_BYTES
