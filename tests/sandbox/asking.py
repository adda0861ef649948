"""Asks the sandbox's handler, as its callers do."""

import base64
import gzip
import hashlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from functions.run_code.handler import handler


def packed(name, content):
    raw = content.encode() if isinstance(content, str) else content
    return {"name": name, "content": base64.b64encode(gzip.compress(raw)).decode()}


@dataclass
class Sandbox:
    """One conversation's sandbox: what succeeded or failed in Python is a cell of its notebook."""

    confinement: str
    files: list[dict[str, str]] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)

    def run(self, code, **event):
        answer = handler(
            {
                "v": 1,
                "kind": "notebook",
                "code": code,
                "cells": self.cells,
                "files": self.files,
                **event,
            },
            None,
        )
        if answer["status"] in ("succeeded", "failed"):
            self.cells.append({"source": code, "outputs": answer["outputs"]})
        return answer

    def text(self, code, **event):
        return self.run(code, **event)["text"]

    def works(self):
        """Whether the next call works."""
        return self.text("6 * 7", cells=[]) == "42"

    def call(self, source, function, arguments=None, **event):
        return handler(
            {
                "v": 1,
                "kind": "module",
                "file": "resources/module/own.py",
                "source": source,
                "sha256": hashlib.sha256(source.encode()).hexdigest(),
                "function": function,
                "arguments": arguments or {},
                "declared": [function],
                **event,
            },
            None,
        )


def mark_of(name):
    """By which a process of this test is known among all of the machine's."""
    return f"{name}-{os.getpid()}"


def leaving(mark):
    """Code that leaves a thread behind, and a process that has left its parents, session and descriptors."""
    return f"""
import os, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 1000)
        os.execlp('python3', 'python3', '-c', 'import time; time.sleep(600)', {mark!r})
    os._exit(0)
os.wait()
time.sleep(0.5)
'started'
"""


def running():
    """The command lines of every process of the machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return " ".join(found)


def is_gone(mark):
    """Whether the process of a mark ends: Linux ends a namespace's processes after its first one, not with it."""
    until = time.monotonic() + 20
    while mark in running():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
