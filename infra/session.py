"""Same-origin sign-in: the only route that reads a cookie."""

from constructs import Construct

from functions.shared.settings import SessionSettings
from infra.deployment import Deployment
from infra.room import Room
from infra.sign_in import SignIn


class Session(Construct):
    """No rights but its log: it talks to the sign-in pages as any client does."""

    def __init__(
        self, scope: Construct, id: str, *, deployment: Deployment, sign_in: SignIn, origin: str
    ) -> None:
        super().__init__(scope, id)
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="session",
            settings=SessionSettings(
                origin=origin,
                login_url=sign_in.login_url,
                token_url=sign_in.token_url,
                client_id=sign_in.client.user_pool_client_id,
                terminal_client_id=sign_in.terminal.user_pool_client_id,
            ),
        )
