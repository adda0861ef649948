"""`python -m local`: the whole product on this machine, in the foreground, until Ctrl-C."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from local.programs import ROOT
from local.refusal import CannotRun
from local.run import Run
from local.run_files import is_alive, only_run_here, stop

LOOK_SECONDS = 0.5


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; what is only for tests says so."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8787))
    parser.add_argument("--directory", type=Path, default=ROOT / ".local", help="for its files")
    parser.add_argument("--home", type=Path, default=ROOT, help="whose agents/ run")
    parser.add_argument(
        "--unconfined",
        action="store_true",
        help="run agents' Python also where it can read your files",
    )
    parser.add_argument("--stop", action="store_true", help="end the run of this directory")
    tests = parser.add_argument_group("for tests")
    tests.add_argument("--emulator", default="", help="address of one that runs already")
    tests.add_argument("--ec2-log", type=Path, help="its record of calls")
    tests.add_argument("--model-url", default="", help="of a Chat Completions server without a key")
    tests.add_argument("--while-process", type=int, help="end when this process has ended")
    tests.add_argument("--stack", default="Countersign")
    tests.add_argument("--channel", choices=("sns", "ses"), default="sns")
    tests.add_argument("--approval-timeout-seconds", type=int, default=600)
    tests.add_argument("--self-confirm", action="store_true")
    tests.add_argument("--no-budgets", action="store_true")
    tests.add_argument("--targets", type=json.loads, default={}, help="of its page, as JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> str | None:
    """Run until Ctrl-C; say in one line why not."""
    chosen = parsed(arguments)
    if chosen.stop:
        print(stop(chosen.directory.resolve()))
        return None
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as until:
            until.enter_context(only_run_here(chosen.directory.resolve()))
            running = Run(chosen, until).prepare()
            while chosen.while_process is None or is_alive(chosen.while_process):
                time.sleep(LOOK_SECONDS)
                running.look()
    except CannotRun as reason:
        return str(reason)
    except KeyboardInterrupt:
        print("ended", flush=True)
    return None


def _interrupt(*_: object) -> None:
    """The first signal ends the run; further ones must not disturb the cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
