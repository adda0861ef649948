"""A person at a real terminal: a shell in tmux, what they type, and what then stands on the screen."""

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.terminal import LONGEST_SECONDS, ROOT

PROMPT = "shell$ "
HAS_TMUX = shutil.which("tmux") is not None


@dataclass(frozen=True)
class Pane:
    """One shell; everything that it has shown can be scrolled back to."""

    socket: Path
    activity: int
    """Becomes readable when the screen changes."""

    def type(self, line: str) -> None:
        """Type a line and press Enter."""
        self._tmux("send-keys", "-l", line)
        self.press("Enter")

    def write(self, words: str) -> None:
        """Type without Enter."""
        self._tmux("send-keys", "-l", words)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: C-c, C-d, Tab."""
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        """All lines that were shown and stayed, as they stand there; what was wiped away is gone."""
        lines = self._tmux("capture-pane", "-p", "-J", "-S", "-").splitlines()
        return "\n".join(line.rstrip() for line in lines).rstrip("\n")

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def expect(self, words: str, *, times: int = 1) -> str:
        """Wait until these words stand on the screen, so many times; the screen."""
        until = time.monotonic() + LONGEST_SECONDS
        while (shown := self.screen()).count(words) < times:
            left = until - time.monotonic()
            readable, _, _ = select.select([self.activity], [], [], max(0.0, left))
            assert readable, f"{words!r} did not come:\n{shown}"
            os.read(self.activity, 65536)
        return shown

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-S", str(self.socket), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=LONGEST_SECONDS,
        ).stdout


@contextmanager
def shell(
    directory: Path, environment: Mapping[str, str], *, columns: int = 100, rows: int = 40
) -> Iterator[Pane]:
    """bash at a terminal, in which `countersign` is the command line of this checkout."""
    directory.mkdir(parents=True, exist_ok=True)
    programs = directory / "programs"
    programs.mkdir(exist_ok=True)
    command = programs / "countersign"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m cli "$@"\n')
    command.chmod(0o755)
    # Systems have prompts of their own in /etc, which is read before this.
    (directory / ".bashrc").write_text(f"PS1='{PROMPT}'\n")
    given = {
        **environment,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "TERM": "tmux-256color",
        "HISTFILE": "/dev/null",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    # A socket's path has at most 107 bytes.
    socket = Path(os.path.relpath(directory / "tmux"))
    fifo = directory / "activity"
    os.mkfifo(fifo)
    activity = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    bash = ["env", "-i", *(f"{name}={value}" for name, value in given.items()), "bash"]
    subprocess.run(
        ["tmux", "-S", str(socket), "-f", "/dev/null", "new-session", "-d"]
        + ["-x", str(columns), "-y", str(rows), "-c", str(directory), *bash],
        check=True,
        timeout=LONGEST_SECONDS,
    )
    pane = Pane(socket, activity)
    try:
        pane._tmux("pipe-pane", f"cat > '{fifo}'")
        pane._tmux("set-option", "-g", "history-limit", "5000")
        pane.expect(PROMPT.strip())
        yield pane
    finally:
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], capture_output=True)
        os.close(activity)
