"""What the checks look at; what several need is asked for once, by whoever needs it first."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from cli.doctor.finding import CannotCheck
from cli.operator import CannotOperate, Deployment, page_of
from cli.users.everybody import Somebody
from functions.shared.aws import error_code
from infra.agents import BadManifest, Compiled, agents_of, read_folder
from infra.page import NAME, Page, agents_directory

Value = TypeVar("Value")
SIGN_IN = "aws sso login (or aws configure; AWS_PROFILE says which)"


class Shared(Generic[Value]):
    """Worked out once, by the first who asks; what it raised is raised to everybody."""

    def __init__(self, work: Callable[[], Value]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._value: list[Value] = []
        self._error: CannotCheck | None = None

    def __call__(self) -> Value:
        with self._lock:
            if self._error is not None:
                raise self._error
            if not self._value:
                try:
                    self._value.append(self._work())
                except CannotCheck as error:
                    self._error = error
                    raise
        return self._value[0]


class Examined:
    """One operator's machine, page, account and stack. Each value raises `CannotCheck` where it cannot be had."""

    def __init__(
        self,
        *,
        home: Path,
        checkout: Path,
        search_path: str,
        open_session: Callable[[str], Any],
        people_of: Callable[[Deployment], list[Somebody]],
        clock: Callable[[], datetime],
    ) -> None:
        self.home = home
        self.checkout = checkout
        self.search_path = search_path
        """Where programs are looked for."""
        self.clock = clock
        where = "" if home == checkout else f" HOME_DIRECTORY={home}"
        self.deploy = f"make deploy{where}"
        """The command that brings page and agents in."""
        self.deploy_target = f"make deploy-target{where}"
        """The command, with a target's name, that lets the deployment into another account."""
        self._open_session = open_session
        self.page: Shared[Page] = Shared(self._page)
        self.agents: Shared[Compiled] = Shared(self._agents)
        self.session: Shared[Any] = Shared(self._session)
        self.identity: Shared[str] = Shared(self._identity)
        self.account: Shared[str] = Shared(self._account)
        self.stack: Shared[Mapping[str, Any]] = Shared(self._stack)
        self.deployment: Shared[Deployment] = Shared(self._deployment)
        self.people: Shared[list[Somebody]] = Shared(lambda: people_of(self.deployment()))

    def client(self, service: str, region: str | None = None) -> Any:
        """A client with the operator's credentials; in the stack's region unless another is named."""
        self.account()
        return self.session().client(service, region_name=region)

    def _page(self) -> Page:
        try:
            return page_of(self.home)
        except CannotOperate as error:
            raise CannotCheck(
                "page",
                str(error),
                f"write it in {self.home}; then: countersign config show --home {self.home}",
            ) from error

    def _agents(self) -> Compiled:
        folder = agents_directory(self.home)
        try:
            return agents_of(read_folder(folder, aliases=self.page().model.aliases))
        except BadManifest as error:
            raise CannotCheck(
                "agents", str(error), f"countersign agents validate {folder}"
            ) from error

    def _session(self) -> Any:
        from botocore.exceptions import BotoCoreError

        try:
            return self._open_session(self.page().region)
        except BotoCoreError as error:
            raise CannotCheck("credentials", f"{error}.".replace("..", "."), SIGN_IN) from error

    def _identity(self) -> str:
        """Whose account the credentials are of."""
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.exceptions import ConnectionError as NoConnection

        sts = self.session().client("sts")
        try:
            return str(sts.get_caller_identity()["Account"])
        except (HTTPClientError, NoConnection) as error:
            raise CannotCheck(
                "credentials",
                f"AWS is not reached ({error_code(error)}).",
                f"curl -I {sts.meta.endpoint_url} shows whether your network lets you there",
            ) from error
        except (BotoCoreError, ClientError) as error:
            raise CannotCheck(
                "credentials", f"AWS takes no credentials of yours ({error_code(error)}).", SIGN_IN
            ) from error

    def _account(self) -> str:
        """The account of both page and credentials: nothing is looked at in another one."""
        page, account = self.page(), self.identity()
        if page.account and page.account != account:
            raise CannotCheck(
                "account",
                f"{NAME} is for the account {page.account}, and your credentials are of {account}.",
                f"{SIGN_IN}, or write account: {account!r} in {NAME}",
            )
        return account

    def _stack(self) -> Mapping[str, Any]:
        from botocore.exceptions import ClientError

        page, account = self.page(), self.account()
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=page.stack)
        except ClientError as error:
            if error_code(error) != "ValidationError":
                raise
            raise CannotCheck(
                "stack", f"There is no stack {page.stack} in {account}, {page.region}.", self.deploy
            ) from error
        described: Mapping[str, Any] = answer["Stacks"][0]
        return described

    def _deployment(self) -> Deployment:
        stack = self.stack()
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
        return Deployment(self.page(), self.home, self.account(), outputs, self.session())
