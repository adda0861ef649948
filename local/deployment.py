"""The same app, really bootstrapped and deployed by the CDK's command line, into the emulator."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from infra.agents import BadManifest, Compiled, agents_of, read_folder
from infra.page import BadPage, Page, complaints
from local.home import Home
from local.model_choice import ModelChoice
from local.people import PEOPLE
from local.programs import ACCOUNT, CDK, EMULATOR_PYTHON, REGION, ROOT, aws_environment
from local.python import changed_modules, check_confinement, prepare_package, sandbox_page
from local.refusal import CannotRun
from local.run_files import record_processes

IMAGES = [
    {
        "name": "Amazon Linux 2023",
        "description": "A general Linux",
        "parameter": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    },
    {"name": "Ubuntu 22.04", "description": "", "image_id": "ami-0123456789abcdef0"},
]
"""The catalogue of a laptop run whose operator has none: images that the emulator knows."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What can be deployed; two are equal when the same would run."""

    page: dict[str, Any]
    agents: Compiled
    warnings: tuple[str, ...] = field(default=(), compare=False)
    files: tuple[Path, ...] = field(default=(), compare=False)
    """The files that the manifests name."""


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
    has_budgets: bool
    home: Home = Home(ROOT)
    is_unconfined: bool = False
    """Whether agents' Python may run where this machine cannot confine it."""
    targets: Mapping[str, Any] = field(default_factory=dict)
    """Those of its page; empty: the one that is by default."""

    @property
    def sender(self) -> str:
        """Who its mails are from; each stack has its own, so that mailboxes do not mix."""
        return f"{self.stack.lower()}@example.com"

    def page(self) -> dict[str, Any]:
        """The content of its countersign.yaml. Raises `BadPage`."""
        taken = self.home.page()
        return {
            "stack": self.stack,
            "stage": "local",
            "launch": "live",
            "region": REGION,
            "account": ACCOUNT,
            "model": {
                "name": self.model.name,
                "base_url": self.model.base_url,
                "label": self.model.label,
                **taken.pop("model", {}),
            },
            "origin": self.origin,
            "approval_timeout_seconds": self.approval_timeout_seconds,
            "mail": {
                "channel": self.channel,
                "from": self.sender,
                "recipients": [person.email for person in PEOPLE],
            },
            "self_confirm": self.self_confirm,
            **({"targets": dict(self.targets)} if self.targets else {}),
            **({} if self.has_budgets else {"budgets": False}),
            "images": IMAGES,
            "login": {"login_url": self.origin, "token_url": self.endpoint},
            **taken,
        }

    def checked(self) -> "Checked":
        """Its page and its agents as they are written now. Raises `CannotRun` with every mistake, and where
        they need what this machine does not have."""
        try:
            page = self.page()
            aliases = Page.model_validate(page).model.aliases
            verdicts = read_folder(self.home.agents, aliases=aliases)
            warnings = [str(one) for verdict in verdicts for one in verdict.warnings]
            files = tuple(file for verdict in verdicts for file in verdict.files)
            agents = agents_of(verdicts)
        except ValidationError as error:
            raise CannotRun(f"countersign.yaml: {complaints(error)}") from error
        except (BadPage, BadManifest) as error:
            raise CannotRun(str(error)) from error
        check_confinement(agents, is_unconfined=self.is_unconfined)
        written = page.get("sandbox", {})
        warnings += changed_modules(written, agents)
        sandbox = sandbox_page(written, agents, is_unconfined=self.is_unconfined)
        whole = {**page, **({"sandbox": sandbox} if sandbox else {})}
        return Checked(whole, agents, tuple(warnings), files)


def deploy(wish: StackWish, cdk: "Cdk", progress: Callable[[str], None]) -> dict[str, str]:
    """Synthesize and deploy, after what `cdk` has begun; the stack's outputs. Raises `CannotRun`."""
    checked = wish.checked()
    prepare_package(checked.agents, progress)
    home = cdk.directory / "home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "countersign.yaml").write_text(yaml.safe_dump(checked.page, sort_keys=False))
    assembly = cdk.directory / "cdk.out"
    cdk.start(
        "synth",
        "--quiet",
        f"--output={assembly}",
        f"--context=home={home}",
        f"--context=agents={wish.home.agents.resolve()}",
        f"--context=local_python={EMULATOR_PYTHON}",
    )
    cdk.finish()
    progress("deploying")
    outputs = cdk.directory / "outputs.json"
    cdk.start(
        "deploy",
        wish.stack,
        f"--app={assembly}",
        "--require-approval=never",
        f"--outputs-file={outputs}",
    )
    cdk.finish()
    found: dict[str, str] = json.loads(outputs.read_text())[wish.stack]
    return found


class Cdk:
    """Runs the CDK's command line, each command with a log of its own."""

    def __init__(self, directory: Path, endpoint: str) -> None:
        self.directory = directory
        self._environment = aws_environment(endpoint, directory / "programs")
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, command: str, *arguments: str, directory: Path = ROOT) -> None:
        """Begin a command; several may run at once. Outside the checkout it knows of no app."""
        with self._log(command).open("wb") as output:
            self._running[command] = subprocess.Popen(  # noqa: S603
                [str(CDK), command, *arguments, "--no-notices", "--ci"],
                cwd=directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        record_processes(self.directory, *(running.pid for running in self._running.values()))

    def finish(self) -> None:
        """Wait for everything begun; raises `CannotRun` for what failed."""
        for command, running in self._running.items():
            if running.wait() != 0:
                log = self._log(command)
                reason = _reason(log.read_text())
                raise CannotRun(f"cdk {command} failed: {reason} (all of it: {log})")
        self._running.clear()

    def stop(self) -> None:
        """End what still runs, with all it has started."""
        for running in self._running.values():
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()

    def _log(self, command: str) -> Path:
        return self.directory / f"cdk-{command}.log"


def _reason(log: str) -> str:
    """The line of a log that tells most."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for mark in ("_FAILED", "❌", "[Error", "fail:", ""):
        for line in lines:
            if mark in line:
                return line[:300]
    return "it said nothing"
