"""Stacks that live as long as the test session, shared by all of its processes."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.agents import compile_agents, hosts_of
from local.programs import CDK, ROOT, aws_environment
from local.run_files import READY

START_SECONDS = 480
MAIN = "Countersign"
SLASHGPT_FORMAT = ROOT / "tests" / "fixtures" / "compat"
"""Manifests of our own in the format of SlashGPT, with the files that they name."""
GITHUB_TOKEN = "a-token-that-nobody-may-see"
AWAY, AWAY_TARGET = "210987654321", "workloads"
"""Another account of the emulator, and the target there."""
RUN_PYTHON = ("analyst.*", "figures.*")
"""The gallery's agents that need the sandbox; they have a stack of their own."""


@dataclass(frozen=True)
class Stack:
    """A deployed stack as its ready.json tells, and the model server it talks to."""

    ready: dict
    model_server: str
    output: Path
    """What the laptop run prints."""


@dataclass(frozen=True)
class Gallery:
    """The stack of the gallery's agents, where their manifests lie, and the service that they reach."""

    stack: Stack
    home: Path
    outside: str


class Stacks:
    """Starts each stack once per session, whichever process needs it first."""

    def __init__(self, directory: Path, session: int) -> None:
        self._directory = directory
        self._session = session

    def main(self) -> Stack:
        """The stack most stories are told in, more than budgets would allow; it brings the emulator."""
        return self._stack(MAIN, ["--no-budgets"])

    def variant(self, name: str, *options: str) -> Stack:
        """A stack with other options beside the main one, in the same emulator."""
        ready = self.main().ready
        beside = [f"--emulator={ready['emulator']}", f"--ec2-log={ready['ec2_log']}"]
        return self._stack(name, [*beside, *options])

    def release(self, name: str, root: Path) -> Stack:
        """A stack beside the main one, deployed by the code in another directory."""
        ready = self.main().ready
        beside = [f"--emulator={ready['emulator']}", f"--ec2-log={ready['ec2_log']}"]
        return self._stack(name, [*beside, "--no-budgets"], root)

    def gallery(self) -> "Gallery":
        """A stack with the agents of the gallery, whose services are all one of ours."""
        home = Path(self._once("home", self._make_home))
        stack = self.variant("Gallery", f"--home={home}", "--no-budgets")
        return Gallery(stack, home, self._once("outside", self._start_outside))

    def python(self) -> Stack:
        """A stack with agents that run Python."""
        home = self._once("python-home", self._make_python_home)
        return self.variant("Python", f"--home={home}", "--no-budgets")

    def targets(self) -> Stack:
        """A stack with a target of its own account and one of another, which has countersign-target."""
        page = {
            "default": {},
            AWAY_TARGET: {"account": AWAY, "external_id": "choose-any-long-word"},
        }
        stack = self.variant("Targets", f"--targets={json.dumps(page)}", "--no-budgets")
        self._once("away", lambda: self._deploy_away(stack.ready["emulator"]))
        return stack

    def _deploy_away(self, endpoint: str) -> str:
        home = self._directory / "Targets" / "home"
        environment = {**aws_environment(endpoint, self._directory), "AWS_ACCESS_KEY_ID": AWAY}
        command = [str(CDK), "deploy", "--app", f"{sys.executable} -m infra.target_app"]
        command += ["-c", f"home={home}", "-c", f"agents={ROOT / 'agents'}"]
        command += ["-c", f"target={AWAY_TARGET}", "--require-approval=never", "--no-notices"]
        output = self._directory / "away"
        ran = subprocess.run(
            [*command, f"--output={output}"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stderr

    def _make_python_home(self) -> str:
        home = self._directory / "python-home"
        (home / "agents").mkdir(parents=True)
        gallery, own = ROOT / "agents" / "gallery", ROOT / "tests" / "story" / "agents"
        for file in [
            *(one for name in RUN_PYTHON for one in gallery.glob(name)),
            own / "careful.yaml",
        ]:
            shutil.copy(file, home / "agents")
        return str(home)

    def _make_home(self) -> str:
        """The operator's home: the gallery, the first agent, one for a few people, some in SlashGPT's format."""
        home = self._directory / "home"
        others = shutil.ignore_patterns(*RUN_PYTHON)
        shutil.copytree(ROOT / "agents" / "gallery", home / "agents", ignore=others)
        shutil.copy(ROOT / "agents" / "ec2.yaml", home / "agents")
        shutil.copy(ROOT / "tests" / "story" / "agents" / "cashbox.yaml", home / "agents")
        for name in ("diary.json", "nurse.json", "eyes.json", "quiet.yml"):
            shutil.copy(SLASHGPT_FORMAT / "manifests" / "own" / name, home / "agents")
        shutil.copytree(SLASHGPT_FORMAT / "resources", home / "resources")
        outside = self._once("outside", self._start_outside)
        page = {
            "secrets": {"GITHUB_TOKEN": {"host": "api.github.com"}},
            "egress": {"pins": dict.fromkeys(hosts_of(compile_agents(home / "agents")), outside)},
        }
        (home / "countersign.yaml").write_text(yaml.safe_dump(page))
        return str(home)

    def _start_outside(self) -> str:
        file = self._directory / "outside-address"
        command = [sys.executable, "-m", "tests.support.outside", f"--address-file={file}"]
        return self._await_file(file, [*command, f"--while-process={self._session}"])

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """While nobody else who asks for it in this session has it."""
        with self._lock(f"{name} alone"):
            yield

    def _stack(self, name: str, options: list[str], root: Path = ROOT) -> Stack:
        server = self._once("model", self._start_model_server)
        own = self._directory / name

        def start() -> str:
            command = [sys.executable, "-m", "local", "--port=0", f"--directory={own}"]
            command += [f"--stack={name}", f"--model-url={server}/v1"]
            command += [f"--while-process={self._session}", *options]
            return self._await_file(own / READY, command, root)

        ready = json.loads(self._once(name, start))
        return Stack(ready, server, (own / READY).with_suffix(".output"))

    def _start_model_server(self) -> str:
        file = self._directory / "model-address"
        command = [sys.executable, "-m", "tests.story.model_server", f"--address-file={file}"]
        return self._await_file(file, [*command, f"--while-process={self._session}"])

    def _once(self, name: str, start: Callable[[], str]) -> str:
        """What `start` returned, in this process or another one of the session."""
        kept = self._directory / f"{name}.kept"
        with self._lock(name):
            if not kept.exists():
                kept.write_text(start())
            return kept.read_text()

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _await_file(self, file: Path, command: list[str], root: Path = ROOT) -> str:
        file.parent.mkdir(parents=True, exist_ok=True)
        output = file.with_suffix(".output")
        with output.open("w") as written:
            process = subprocess.Popen(
                command,
                cwd=root,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(root), "GITHUB_TOKEN": GITHUB_TOKEN},
            )
        deadline = time.monotonic() + START_SECONDS
        while not file.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} did not start: {output.read_text()}")
            time.sleep(0.1)
        process.returncode = 0  # it outlives this object, which would warn when collected
        return file.read_text()
