"""The same app, really bootstrapped and deployed by the CDK's command line, into the emulator."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from local.model_choice import ModelChoice
from local.people import PEOPLE
from local.programs import ACCOUNT, CDK, EMULATOR_PYTHON, REGION, ROOT, aws_environment
from local.refusal import CannotRun


@dataclass(frozen=True, slots=True, kw_only=True)
class StackWish:
    """What a laptop stack is told on its operator's page."""

    stack: str
    origin: str
    endpoint: str
    model: ModelChoice
    channel: str
    approval_timeout_seconds: int
    self_confirm: bool

    @property
    def sender(self) -> str:
        """Who its mails are from; each stack has its own, so that mailboxes do not mix."""
        return f"{self.stack.lower()}@example.com"

    def page(self) -> dict[str, object]:
        """The content of its countersign.yaml."""
        return {
            "stack": self.stack,
            "stage": "local",
            "region": REGION,
            "account": ACCOUNT,
            "model": {
                "name": self.model.name,
                "base_url": self.model.base_url,
                "label": self.model.label,
            },
            "origin": self.origin,
            "approval_timeout_seconds": self.approval_timeout_seconds,
            "mail": {
                "channel": self.channel,
                "from": self.sender,
                "recipients": [person.email for person in PEOPLE],
            },
            "self_confirm": self.self_confirm,
            "login": {"login_url": self.origin, "token_url": self.endpoint},
        }


def deploy(wish: StackWish, directory: Path, progress: Callable[[str], None]) -> dict[str, str]:
    """Bootstrap, synthesize and deploy; the stack's outputs. Raises `CannotRun`."""
    home = directory / "home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "countersign.yaml").write_text(yaml.safe_dump(wish.page(), sort_keys=False))
    run = _Cdk(directory, aws_environment(wish.endpoint, directory / "programs"))
    progress("bootstrapping and synthesizing")
    bootstrap = run.start("bootstrap", f"aws://{ACCOUNT}/{REGION}")
    context = [f"home={home}", f"local_python={EMULATOR_PYTHON}"]
    synth = run.start(
        "synth", "--quiet", *(part for value in context for part in ("--context", value))
    )
    run.finish(bootstrap)
    run.finish(synth)
    progress("deploying")
    outputs = directory / "outputs.json"
    deployed = run.start(
        "deploy",
        "--app",
        str(run.assembly),
        "--require-approval=never",
        f"--outputs-file={outputs}",
        wish.stack,
    )
    run.finish(deployed)
    found: dict[str, str] = json.loads(outputs.read_text())[wish.stack]
    return found


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    command: str
    log: Path
    began: float


class _Cdk:
    """Runs the CDK's command line, each command with a log of its own."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.assembly = directory / "cdk.out"
        self._directory = directory
        self._environment = environment

    def start(self, command: str, *arguments: str) -> _Running:
        log = self._directory / f"cdk-{command}.log"
        given = list(arguments)
        if command == "bootstrap":
            given += ["--app", "true"]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                [str(CDK), command, "--no-notices", "--ci", "--output", str(self.assembly), *given]
                if command == "synth"
                else [str(CDK), command, "--no-notices", "--ci", *given],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return _Running(process, command, log, time.monotonic())

    def finish(self, running: _Running) -> None:
        if running.process.wait() == 0:
            return
        raise CannotRun(
            f"cdk {running.command} failed: {_reason(running.log.read_text())} "
            f"(all of it: {running.log})"
        )


def _reason(log: str) -> str:
    """The line of a log that tells most."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for mark in ("_FAILED", "❌", "[Error", "fail:", ""):
        for line in lines:
            if mark in line:
                return line[:300]
    return "it said nothing"
