"""Readable verbs for stories told over HTTP against a deployed stack."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from local.seed import Emulated
from tests.story.rows import Rows
from tests.story.script import ModelScript
from tests.story.stacks import Stack

PATIENCE_SECONDS = 30.0


class Story:
    """One test's view of a stack: its people, its model, AWS behind it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.url: str = stack.ready["url"]
        self.outputs: dict[str, str] = stack.ready["outputs"]
        self.password: str = stack.ready["password"]
        self.mark = f"({uuid.uuid4().hex[:12]})"
        self.model = ModelScript(stack.model_server, self.mark)
        self.aws = Emulated(stack.ready["emulator"])
        self.rows = Rows(self.aws.client("dynamodb"), self.outputs)
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def __enter__(self) -> "Story":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def user(self, name: str) -> "Person":
        """Somebody signed in."""
        found = next(user for user in self._stack.ready["users"] if user["name"] == name)
        return Person(self, found["name"], found["email"], found["token"])

    def until(
        self,
        look: Callable[[], Any],
        accept: Callable[[Any], Any] = bool,
        within: float = PATIENCE_SECONDS,
    ) -> Any:
        """What `look` sees as soon as `accept` takes it."""
        deadline = time.monotonic() + within
        while True:
            seen = look()
            if accept(seen):
                return seen
            assert time.monotonic() < deadline, f"after {within} s still: {seen}"
            time.sleep(0.1)

    def mails(self, to: str, about: str = "") -> list[dict]:
        """Mails to an address, oldest first; `about` is in the text, for instance an approval's id."""
        sent = self.http.get("/_local/mailbox.json").raise_for_status().json()
        return [mail for mail in sent if to in mail["to"] and about in mail["text"]]

    def ec2_calls(self, action: str = "", about: str = "") -> list[dict]:
        """Recorded EC2 calls, oldest first; `about` is the value of some parameter."""
        with open(self._stack.ready["ec2_log"]) as log:  # noqa: PTH123
            recorded = [json.loads(line) for line in log]
        return [
            call
            for call in recorded
            if action in ("", call["action"])
            and (not about or about in call["parameters"].values())
        ]

    def launches(self, approval_id: str) -> list[dict]:
        """Recorded RunInstances of an approval that were no rehearsal."""
        return [
            call for call in self.ec2_calls("RunInstances", approval_id) if not is_rehearsal(call)
        ]

    def rehearsals(self, approval_id: str) -> list[dict]:
        """Recorded RunInstances of an approval that only asked."""
        return [call for call in self.ec2_calls("RunInstances", approval_id) if is_rehearsal(call)]

    def instances(self, approval_id: str) -> list[str]:
        """Instances that carry the approval in a tag, as EC2 itself lists them."""
        answer = self.aws.client("ec2").describe_instances()
        return [
            instance["InstanceId"]
            for reservation in answer["Reservations"]
            for instance in reservation["Instances"]
            if approval_id in [tag["Value"] for tag in instance.get("Tags", ())]
        ]

    def instance(self, instance_id: str) -> dict:
        """One instance as EC2 tells it."""
        answer = self.aws.client("ec2").describe_instances(InstanceIds=[instance_id])
        return answer["Reservations"][0]["Instances"][0]

    def new_key_pair(self) -> str:
        """A key pair that only this test knows."""
        name = f"key-{self.mark[1:-1]}"
        self.aws.client("ec2").create_key_pair(KeyName=name)
        return name

    def ec2_fails(self, code: str = "", *, about: str = "", **fault: object) -> None:
        """The next RunInstances with this value in some parameter goes wrong: `code`, `message`,
        `where`, `effect`, `then` = hang or drop, `seconds`, `times`, `dry_run`."""
        wish = {"action": "RunInstances", "code": code, "about": about, **fault}
        address = f"{self._stack.ready['emulator']}/_countersign/ec2/faults"
        httpx.post(address, json=wish, trust_env=False).raise_for_status()

    def invoke(self, output: str, payload: object) -> tuple[object, str]:
        """What the Lambda named by a stack output answers, and its error's name or nothing."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.outputs[output], Payload=json.dumps(payload).encode()
        )
        body = json.loads(answer["Payload"].read() or b"null")
        return body, body.get("errorType", "") if answer.get("FunctionError") else ""

    def restarts(self, output: str) -> None:
        """The Lambda named by a stack output begins its next call in a new process."""
        functions = self.aws.client("lambda")
        name = self.outputs[output]
        timeout = functions.get_function_configuration(FunctionName=name)["Timeout"]
        functions.update_function_configuration(FunctionName=name, Timeout=timeout)

    def logs(self, output: str) -> str:
        """All that the Lambda named by a stack output has logged."""
        configured = self.aws.client("lambda").get_function_configuration(
            FunctionName=self.outputs[output]
        )
        pages = (
            self.aws.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=configured["LoggingConfig"]["LogGroup"])
        )
        return "\n".join(event["message"] for page in pages for event in page["events"])

    def table(self, output: str) -> list[dict]:
        """Every item of the table named by a stack output, in DynamoDB's own notation."""
        pages = self.aws.client("dynamodb").get_paginator("scan")
        found = pages.paginate(TableName=self.outputs[output], ConsistentRead=True)
        return [item for page in found for item in page["Items"]]

    def id_token(self, name: str) -> str:
        """An ID token of somebody: signed by the same pool, but not for the API."""
        cognito = self.aws.client("cognito-idp")
        answer = cognito.admin_initiate_auth(
            UserPoolId=self.outputs["UserPoolId"],
            ClientId=self.outputs["UserPoolClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.user(name).email, "PASSWORD": self.password},
        )
        return answer["AuthenticationResult"]["IdToken"]

    def put_role_policy(self, role: str, policy: str, document: dict) -> None:
        """Write a role's inline policy."""
        self.aws.client("iam").put_role_policy(
            RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document)
        )


def is_rehearsal(call: dict) -> bool:
    """Whether a recorded call had DryRun."""
    return call["parameters"].get("DryRun", "false") == "true"


class Person:
    """Somebody with an access token."""

    def __init__(self, story: Story, name: str, email: str, token: str) -> None:
        self._story = story
        self.name = name
        self.email = email
        self.token = token

    @property
    def sub(self) -> str:
        """Their immutable subject, from the token."""
        claims = self.token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"]

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Any request, signed in."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self._story.http.request(method, path, headers=headers, **more)

    def get(self, path: str) -> dict:
        """What is read there; anything but 200 fails the test."""
        answer = self.request("GET", path)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def sends(self, message: str, conversation: str = "", **more: Any) -> httpx.Response:
        """`POST /chat` as it is, for tests that look at status or headers."""
        body = {"message": message, **more.pop("body", {})}
        if conversation:
            body["conversation_id"] = conversation
        return self.request("POST", "/chat", json=body, **more)

    def says(self, message: str, conversation: str = "", *, plainly: bool = False) -> dict:
        """One turn, in a new conversation or a known one; the turn as answered. The first message
        carries the test's mark, by which the model knows its script, unless said `plainly`."""
        marked = message if conversation or plainly else f"{message} {self._story.mark}"
        answer = self.sends(marked, conversation)
        assert answer.status_code in (200, 202), (answer.status_code, answer.text)
        return answer.json()

    def conversation(self, conversation: str) -> dict:
        """The transcript."""
        return self.get(f"/conversations/{conversation}")

    def last_turn(self, conversation: str) -> dict:
        """The transcript's newest turn."""
        return self.conversation(conversation)["turns"][-1]

    def sees_turn(self, conversation: str, status: str, within: float = PATIENCE_SECONDS) -> dict:
        """The newest turn, as soon as it has this status."""
        return self._story.until(
            lambda: self.last_turn(conversation), lambda turn: turn["status"] == status, within
        )

    def approval(self, approval: str) -> dict:
        """One approval."""
        return self.get(f"/approvals/{approval}")

    def sees_approval(self, approval: str, status: str, within: float = PATIENCE_SECONDS) -> dict:
        """The approval, as soon as it has this status."""
        return self._story.until(
            lambda: self.approval(approval), lambda seen: seen["status"] == status, within
        )

    def sees_closed(self, approval: str, within: float = PATIENCE_SECONDS) -> dict:
        """The approval, as soon as every call has its outcome."""
        return self._story.until(
            lambda: self.approval(approval), lambda seen: seen["closed_at"], within
        )

    def decides(self, approval: str, decision: str, **more: Any) -> httpx.Response:
        """A decision as it is sent; the digest is the one shown unless given."""
        body = {"decision": decision, **more}
        if "digest" not in body:
            body["digest"] = self.sees_approval(approval, "pending")["digest"]
        return self.request("POST", f"/approvals/{approval}/decision", json=body)

    def approves(self, approval: str) -> dict:
        """An approve that is taken."""
        return self._taken(self.decides(approval, "approve"))

    def rejects(self, approval: str, reason: str = "") -> dict:
        """A reject that is taken."""
        more = {"reason": reason} if reason else {}
        return self._taken(self.decides(approval, "reject", **more))

    def freezes(self, reason: str) -> dict:
        """Stop all launches."""
        return self._taken(self._switches(frozen=True, reason=reason))

    def unfreezes(self, reason: str = "It is over.") -> dict:
        """Let launches go on."""
        return self._taken(self._switches(frozen=False, reason=reason))

    def _switches(self, **body: Any) -> httpx.Response:
        return self.request("POST", "/freeze", json=body)

    def cancels(self, approval: str) -> dict:
        """A cancel that is taken."""
        return self._taken(self.request("POST", f"/approvals/{approval}/cancel", json={}))

    @staticmethod
    def _taken(answer: httpx.Response) -> dict:
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()
