"""The stack can be taken away and put back."""

import pytest

from local.deployment import Cdk, StackWish, deploy
from local.model_choice import ModelChoice
from local.seed import Emulated

pytestmark = pytest.mark.story

STACK = "Again"


def test_deploy_destroy_deploy_leaves_nothing_behind_and_works_again(stacks, tmp_path):
    endpoint = stacks.main().ready["emulator"]
    wish = StackWish(
        stack=STACK,
        origin="http://127.0.0.1:1",
        endpoint=endpoint,
        model=ModelChoice(name="none", base_url="http://127.0.0.1:1/v1", key="none", label="none"),
        channel="sns",
        approval_timeout_seconds=600,
        self_confirm=False,
    )
    aws, cdk = Emulated(endpoint), Cdk(tmp_path, endpoint)

    def tables() -> list[str]:
        names = aws.client("dynamodb").list_tables()["TableNames"]
        return [name for name in names if name.startswith(f"{STACK}-")]

    def run(command: str, *options: str) -> None:
        cdk.start(command, STACK, f"--app={tmp_path / 'cdk.out'}", *options)
        cdk.finish()

    outputs = deploy(wish, cdk, print)
    assert len(tables()) == 3
    run("destroy", "--force")
    assert tables() == []
    run("deploy", "--require-approval=never")
    assert len(tables()) == 3
    answer = aws.client("lambda").invoke(
        FunctionName=outputs["PagesFunction"],
        Payload=b'{"routeKey":"GET /healthz","rawPath":"/healthz","requestContext":'
        b'{"requestId":"r","http":{"method":"GET","path":"/healthz"}}}',
    )
    assert b'"statusCode":200' in answer["Payload"].read().replace(b" ", b"")
    run("destroy", "--force")
