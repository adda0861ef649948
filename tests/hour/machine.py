"""An account and a machine with nothing prepared: an empty emulator, a model that wants its key, an address."""

import json
import os
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from local.emulator_process import EmulatorProcess
from local.front import Front, Server, listen
from local.mailbox import Mailbox
from local.programs import ROOT, aws_environment
from local.run import api_id
from local.scripted_model.server import scripted_model
from local.seed import Emulated

KEY = "the-key-of-the-hour-1234567890"
SENDER = "countersign@example.com"
LONGEST_SECONDS = 300.0


async def wants_its_key(scope, receive, send) -> None:
    """The scripted model as a service that knows one key."""
    if scope["type"] == "http":
        request = Request(scope)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            refused = JSONResponse({"error": {"message": "no such key"}}, 401)
            await refused(scope, receive, send)
            return
    await scripted_model(scope, receive, send)


@dataclass
class Machine:
    """What an operator sits before; `say` is told each step with its seconds."""

    directory: Path
    emulator: EmulatorProcess
    model: Server
    listener: Any
    began: float = field(default_factory=time.monotonic)
    front: Server | None = None
    steps: list[tuple[str, float]] = field(default_factory=list)

    @classmethod
    def starts(cls, directory: Path) -> "Machine":
        listener = listen(0)
        model = Server(wants_its_key, listen(0))
        model.start()
        return cls(directory, EmulatorProcess.start(directory / "emulator"), model, listener)

    @property
    def origin(self) -> str:
        """Where people will open the pages; it is theirs before anything is deployed."""
        host, port = self.listener.getsockname()[:2]
        return f"http://{host}:{port}"

    @property
    def home(self) -> Path:
        """The operator's directory."""
        return self.directory / "our-countersign"

    @property
    def aws(self) -> Emulated:
        return Emulated(self.emulator.endpoint)

    def environment(self, who: str = "operator") -> dict[str, str]:
        """A shell's; everybody has a session of their own, and only the operator credentials."""
        own = self.directory / who
        own.mkdir(exist_ok=True)
        # Others may be synthesizing in this checkout.
        (own / ".cdk.json").write_text(json.dumps({"output": str(own / "cdk.out")}))
        shell = aws_environment(self.emulator.endpoint, own)
        if who != "operator":
            shell = {name: value for name, value in shell.items() if not name.startswith("AWS_")}
        search = os.pathsep.join([str(ROOT / ".venv" / "bin"), shell["PATH"]])
        return {
            **shell,
            "PATH": search,
            "NO_PROXY": "127.0.0.1,localhost",
            "COUNTERSIGN_SESSION_DIRECTORY": str(own / "session"),
        }

    def step(self, name: str) -> None:
        """A line of the hour, with the seconds since its beginning."""
        self.steps.append((name, time.monotonic() - self.began))
        print(f"[{self.steps[-1][1]:6.1f} s] {name}", flush=True)

    def runs(self, command: str, *, says: str | None = None, ends_with: int = 0) -> str:
        """A command as it is printed in the README, at the checkout; what it put out."""
        self.step(command)
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env=self.environment(),
            input=says,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        said = ran.stdout + ran.stderr
        assert ran.returncode == ends_with, f"{command} ended with {ran.returncode}:\n{said}"
        return said

    def opens(self, outputs: Mapping[str, str]) -> None:
        """The address answers from now on."""
        mailbox = Mailbox(self.aws, sender=SENDER, queues={})
        front = Front(
            endpoint=self.emulator.endpoint,
            api_id=api_id(outputs["ApiUrl"]),
            origin=self.origin,
            mailbox=mailbox,
        )
        self.mailbox = mailbox
        self.front = Server(front, self.listener)
        self.front.start()

    def outputs(self, stack: str = "Countersign") -> dict[str, str]:
        [found] = self.aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}

    def accepts(self, email: str, password: str) -> None:
        """Somebody follows their invitation and chooses a password."""
        self.aws.client("cognito-idp").admin_set_user_password(
            UserPoolId=self.outputs()["UserPoolId"],
            Username=email,
            Password=password,
            Permanent=True,
        )

    def mail_to(self, email: str, words: str) -> str:
        """The newest mail to somebody that has these words in its subject; waits for it."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            mails = [one for one in self.mailbox.mails() if email in one.to]
            found = [one for one in mails if words in one.subject]
            if found:
                return found[-1].text
            time.sleep(0.2)
        raise AssertionError(f"no mail to {email} about {words}: {[m.subject for m in mails]}")

    def link_in(self, mail: str) -> str:
        """The address of an approval's page."""
        [link] = set(re.findall(rf"{re.escape(self.origin)}/a/[a-z0-9]+", mail))
        return link

    def instances(self) -> list[dict[str, Any]]:
        answer = self.aws.client("ec2").describe_instances()
        found = [one for part in answer["Reservations"] for one in part["Instances"]]
        return [one for one in found if one["State"]["Name"] in ("pending", "running")]

    def writes_for_the_emulator(self) -> None:
        """The lines for what an account has by itself: its sign-in pages, and zips for Lambda."""
        page = self.home / "countersign.yaml"
        text = page.read_text()
        assert "\nstage: dev\n" in text
        page.write_text(
            text.replace("\nstage: dev\n", "\nstage: local\n")
            + f"\norigin: {self.origin}\n"
            + f"login: {{login_url: {self.origin}, token_url: {self.emulator.endpoint}}}\n"
        )

    def ends(self) -> None:
        if self.front is not None:
            self.front.stop()
        self.model.stop()
        self.emulator.stop()
