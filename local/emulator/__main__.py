"""`python -m local.emulator`: the pinned emulator with our corrections, on loopback, until its
input ends."""

import argparse
import importlib.metadata
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from local.emulator.patching import MINISTACK_VERSION, missing_names

GRACE_SECONDS = 5.0
RETRY_SCALE = "0.25"
"""Workflows try again after a quarter of the time that AWS would wait; time-outs are as long."""
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE")


def main(arguments: list[str]) -> str | None:
    """Serve until the input ends; say in one line why not."""
    parser = argparse.ArgumentParser(prog="python -m local.emulator", description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", type=Path, required=True, help="for scratch files")
    parser.add_argument("--ec2-log", type=Path, required=True, help="a line for each EC2 call")
    parser.add_argument("--without", action="append", default=[], help="a correction to leave out")
    chosen = parser.parse_args(arguments)

    version = importlib.metadata.version("ministack")
    if version != MINISTACK_VERSION:
        return f"The corrections are for ministack {MINISTACK_VERSION}; this is {version}."
    _set_environment(chosen.port, chosen.directory.resolve())
    return _serve(chosen.ec2_log.resolve(), chosen.without)


def _set_environment(port: int, directory: Path) -> None:
    """Nothing of the developer's shell reaches the emulator; it reads its settings at import."""
    scratch = directory / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update(
        kept,
        AUTH="true",
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        HOME=str(scratch),
        IOT_MTLS_ENABLED="0",
        LAMBDA_ACCOUNT_CONCURRENCY="16",
        LOG_LEVEL="WARNING",
        MINISTACK_HOST="localhost",
        SFN_WAIT_SCALE=RETRY_SCALE,
        TMPDIR=str(scratch),
    )
    tempfile.tempdir = str(scratch)


def _serve(ec2_log: Path, without: list[str]) -> str | None:
    from local.emulator.control import controlled
    from local.emulator.corrections import CORRECTIONS
    from local.emulator.ec2.record import record_into

    if missing := missing_names(CORRECTIONS):
        return "This ministack lacks what the corrections change: " + ", ".join(missing)
    import ministack.app

    applied = [correction for correction in CORRECTIONS if correction.name not in without]
    record_into(ec2_log)
    for correction in applied:
        correction.apply()
    ministack.app.app = controlled(ministack.app.app, [correction.name for correction in applied])
    threading.Thread(target=_end_with_the_input, daemon=True).start()
    sys.argv = ["ministack"]
    ministack.app.main()
    return None


def _end_with_the_input() -> None:
    """Whoever started the emulator holds its input open, so that even a kill leaves nothing
    behind."""
    while sys.stdin.buffer.read(1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
