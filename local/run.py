"""One laptop run: what it starts, in order, and what is looked at while it goes on."""

import argparse
import os
import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.agents import uses_python
from local.deployment import Cdk, Checked, StackWish, deploy
from local.emulator_process import EmulatorProcess
from local.front import Front, Server, listen
from local.home import Home
from local.mailbox import Mailbox
from local.model_choice import ModelChoice, check_reachable, choose_model
from local.people import PASSWORD, PEOPLE, groups_in
from local.programs import ACCOUNT, REGION, check_programs
from local.python import CONFINED, UNCONFINED
from local.refusal import CannotRun
from local.reload import Reload
from local.run_files import READY, record_processes, write_whole
from local.scripted_model.server import scripted_model
from local.seed import Emulated, join_groups, seed, seed_secrets


@dataclass(frozen=True, slots=True)
class Running:
    """What has to be looked at while a run goes on."""

    emulator: EmulatorProcess | None
    """None where it is not ours."""
    reload: Reload[Checked]

    def look(self) -> None:
        """Bring in what changed; raises `CannotRun` when the emulator has ended."""
        if self.emulator is not None and not self.emulator.is_running():
            raise CannotRun("The emulator has ended by itself; its log is in the run's directory.")
        self.reload()


class Run:
    """One laptop run: everything it started is ended when it ends."""

    def __init__(self, chosen: argparse.Namespace, until: ExitStack) -> None:
        self._chosen = chosen
        self._until = until
        self._directory: Path = chosen.directory.resolve()
        self._began = time.monotonic()

    def prepare(self) -> Running:
        """Start, deploy, seed, and tell that it is ready."""
        check_programs()
        home = self._home()
        written = home.written()
        listener = self._listener()
        model = self._model()
        record_processes(self._directory)
        emulator, endpoint, ec2_log = self._emulator()
        wish = StackWish(
            stack=self._chosen.stack,
            origin=f"http://127.0.0.1:{listener.getsockname()[1]}",
            endpoint=endpoint,
            model=model,
            channel=self._chosen.channel,
            approval_timeout_seconds=self._chosen.approval_timeout_seconds,
            self_confirm=self._chosen.self_confirm,
            has_budgets=not self._chosen.no_budgets,
            home=home,
            is_unconfined=self._chosen.unconfined,
            targets=self._chosen.targets,
        )
        running = wish.checked()
        self._warn(running)
        cdk = Cdk(self._directory, endpoint)
        self._until.callback(cdk.stop)
        if emulator is not None:
            self.tell("bootstrapping and synthesizing")
            cdk.start("bootstrap", f"aws://{ACCOUNT}/{REGION}", directory=self._directory)
        else:
            self.tell("synthesizing")
        outputs = deploy(wish, cdk, self.tell)
        self.tell("seeding people, key pair and mail queues")
        emulated = Emulated(endpoint)
        seeded = seed(emulated, outputs, model=model, sender=wish.sender, agents=running.agents)
        self._seed_secrets(wish, emulated, outputs)
        if emulator is not None:
            ec2_log.write_text("")
        front = Server(
            Front(
                endpoint=endpoint,
                api_id=api_id(outputs["ApiUrl"]),
                origin=wish.origin,
                mailbox=Mailbox(emulated, sender=wish.sender, queues=seeded.mail_queues),
            ),
            listener,
        )
        front.start()
        self._until.callback(front.stop)
        write_whole(
            self._directory / READY,
            {
                "url": wish.origin,
                "emulator": endpoint,
                "ec2_log": str(ec2_log),
                "mailbox": f"{wish.origin}/_local/mailbox.json",
                "users": [
                    {
                        "name": person.name,
                        "email": person.email,
                        "token": seeded.tokens[person.email],
                    }
                    for person in PEOPLE
                ],
                "password": PASSWORD,
                "outputs": outputs,
            },
        )
        self._welcome(wish, model, running)

        def bring_in(wanted: Checked) -> None:
            self._warn(wanted)
            self.tell("agents changed: synthesizing")
            outputs = deploy(wish, cdk, self.tell)
            self._seed_secrets(wish, emulated, outputs)
            for person in PEOPLE:
                join_groups(emulated, outputs, person, wanted.agents)
            self.tell("the changed agents run")

        reload = Reload(
            running=running,
            written=written,
            look=lambda checked: home.written(checked.files),
            check=wish.checked,
            bring_in=bring_in,
            tell=self.tell,
        )
        return Running(emulator, reload)

    def tell(self, sentence: str) -> None:
        """A line of progress."""
        print(f"[{time.monotonic() - self._began:5.1f} s] {sentence}", flush=True)

    def _home(self) -> Home:
        directory: Path = self._chosen.home.resolve()
        if not directory.is_dir():
            raise CannotRun(
                f"{self._chosen.home} is not a directory: name the home of your agents."
            )
        return Home(directory)

    def _listener(self) -> socket.socket:
        try:
            listener = listen(self._chosen.port)
        except OSError as error:
            raise CannotRun(
                f"Port {self._chosen.port} is taken: end what listens there, or set PORT=…"
            ) from error
        self._until.callback(listener.close)
        return listener

    def _model(self) -> ModelChoice:
        if self._chosen.model_url:
            return ModelChoice(
                name="test-model", base_url=self._chosen.model_url, key="none", label="test-model"
            )
        listener = listen(0)
        self._until.callback(listener.close)
        scripted = Server(scripted_model, listener)
        model = choose_model(os.environ, f"{scripted.url}/v1")
        if model.is_scripted:
            scripted.start()
            self._until.callback(scripted.stop)
        else:
            check_reachable(model)
        print(model.sentence(), flush=True)
        return model

    def _emulator(self) -> tuple[EmulatorProcess | None, str, Path]:
        if self._chosen.emulator:
            return None, self._chosen.emulator, self._chosen.ec2_log.resolve()
        self.tell("starting the emulator")
        emulator = EmulatorProcess.start(self._directory / "emulator")
        self._until.callback(emulator.stop)
        record_processes(self._directory, emulator.pid)
        return emulator, emulator.endpoint, emulator.ec2_log

    def _warn(self, checked: Checked) -> None:
        for warning in checked.warnings:
            self.tell(f"warning: {warning}")

    def _seed_secrets(
        self, wish: StackWish, emulated: Emulated, outputs: Mapping[str, str]
    ) -> None:
        names = wish.page().get("secrets", {})
        missing = seed_secrets(emulated, outputs, names=names, environment=os.environ)
        if missing:
            self.tell(f"without a value, set the variable and start again: {', '.join(missing)}")

    def _welcome(self, wish: StackWish, model: ModelChoice, running: Checked) -> None:
        names = ", ".join(
            f"{person.email} ({' and '.join(groups_in(person, running.agents))})"
            for person in PEOPLE
        )
        print(f"people:  {names}; password {PASSWORD}")
        print(f"mailbox: {wish.origin}/_local/mailbox")
        print(f"agents:  {wish.home.agents}; what you save there is brought in")
        if uses_python(running.agents):
            print(UNCONFINED if wish.is_unconfined else CONFINED)
        print(model.sentence())
        self.tell("press Ctrl-C to end")
        print(f"ready {wish.origin}", flush=True)


def api_id(url: str) -> str:
    """The API's id, from the address the stack gives it."""
    return (urlsplit(url).hostname or "").partition(".")[0]
