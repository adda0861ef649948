"""Python: the sandbox, the room that asks it, and the notebooks it leaves; only where an agent needs it."""

from collections.abc import Mapping

from constructs import Construct

from infra.ask_sandbox import ASK_SANDBOX, AskSandbox
from infra.deployment import Deployment
from infra.notebook_bucket import NotebookBucket
from infra.notebooks import Notebooks
from infra.room import Room
from infra.run_code import RunCode, confinement
from infra.seal_key import SealKey
from infra.tables import Tables


class Python(Construct):
    """Cells go from `ask_sandbox` to `run_code` and what comes back into the bucket, which `notebooks` reads."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        seal_key: SealKey,
    ) -> None:
        super().__init__(scope, id)
        self.bucket = NotebookBucket(self, "Bucket", deployment=deployment)
        run_code = RunCode(self, "RunCode", deployment=deployment)
        ask_sandbox = AskSandbox(
            self,
            "AskSandbox",
            deployment=deployment,
            tables=tables,
            seal_key=seal_key,
            bucket=self.bucket,
        )
        self.notebooks = Notebooks(
            self, "Notebooks", deployment=deployment, tables=tables, bucket=self.bucket
        ).function
        self.ask_sandbox = deployment.function_name(ASK_SANDBOX)
        self.confinement = confinement(deployment)
        self._ask_sandbox_arn = deployment.function_arn(ASK_SANDBOX)
        self.functions: Mapping[str, Room] = {
            "RunCode": run_code.function,
            "AskSandbox": ask_sandbox.function,
            "Notebooks": self.notebooks,
        }

    def allow_asking(self, function: Room) -> None:
        """Have code run by way of the room that keeps what comes back; nobody else reaches the sandbox."""
        function.may(["lambda:InvokeFunction"], [self._ask_sandbox_arn])

    def allow_forgetting(self, function: Room) -> None:
        """Remove all that a conversation left."""
        self.bucket.allow(function, delete=("*",))
