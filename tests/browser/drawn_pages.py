"""The real pages before answers made for a test: every state of a request without a stack behind it."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Route
from playwright.sync_api import Request as Asked

from functions.pages.static_files import asset, shell
from functions.shared.errors import NotFound
from functions.shared.http import Request

ORIGIN = "https://countersign.example"
ID = "abcdefghijklmnopqrstuvwxyz"
DIGEST = "0a3992db7f82" + "c" * 52
NOW = datetime.now(UTC).replace(microsecond=0)
USERS = {
    name: {"sub": f"sub-{name}", "email": f"{name}@example.com", "name": name.title()}
    for name in ("kai", "bob", "carol")
}
SHELLS = {"/": "chat.html", "/inbox": "inbox.html"}
UNREACHABLE = object()
"""What is said instead of an answer where there is no way to the API."""


def at(**ahead: float) -> str:
    return (NOW + timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")


def price(hourly: str = "0.0204", source: str = "list") -> dict[str, Any]:
    return {
        "currency": "USD",
        "hourly": hourly,
        "monthly": f"{float(hourly) * 730:.2f}",
        "lease": f"{float(hourly) * 8:.2f}",
        "source": source,
        "as_of": "2026-11-21",
    }


def call(number: int = 1, instance_type: str = "t3.micro", **more: Any) -> dict[str, Any]:
    arguments = {
        "image_id": "ami-012261b9035f8f938",
        "instance_type": instance_type,
        "key_name": "kondo",
    }
    return {
        "id": f"call_{number}",
        "name": "run_instances",
        "arguments": arguments,
        "summary": f"Start 1 × {instance_type} from ami-012261b9035f8f938",
        "price": price(),
        "decision": None,
        "outcome": None,
        **more,
    }


def facts_of(one: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is found out about the launch of an instance; nothing about any other call."""
    if "instance_type" not in one["arguments"]:
        return []
    rows = (
        ("image_id", "AMI ID", "ami-012261b9035f8f938", "model", "plain"),
        ("instance_type", "Instance type", one["arguments"]["instance_type"], "model", "plain"),
        ("key_name", "Key pair name", "kondo", "model", "plain"),
        ("image_name", "Image name (chosen by its owner)", "al2023-ami-2023.6.20241121.0-kernel-6.1-x86_64",
         "aws", "plain"),
        ("image_owner", "Image owner", "137112412989 (amazon)", "aws", "plain"),
        ("image_age", "Image age", "730 days", "aws", "plain"),
        ("public_address", "Public address", "yes", "aws", "plain"),
        ("open_to_world", "Open to the world", "sg-0a1b2c3d4e5f60718: tcp 22 from 0.0.0.0/0", "aws", "warning"),
        ("not_checked", "Not checked", "vCPU quota: AWS gave no answer", "aws", "warning"),
        ("subnet", "Subnet", "subnet-0a1b2c3d4e5f60718", "operator", "plain"),
        ("odd_new_key", "A label of tomorrow", "value", "somebody", "plain"),
    )  # fmt: skip
    names = ("key", "label", "value", "source", "level")
    return [{**dict(zip(names, row, strict=True)), "call": one["id"]} for row in rows]


def approval(status: str = "pending", *, calls: int = 1, **more: Any) -> dict[str, Any]:
    """What `GET /approvals/{id}` answers an approver."""
    made = more.pop("made", [call(number) for number in range(1, calls + 1)])
    place = (("account", "Account", "123456789012"), ("region", "Region", "ap-northeast-1"))
    what = f"{len(made)} × t3.micro"
    return {
        "id": ID,
        "status": status,
        "digest": DIGEST,
        "plan": {"version": 2, "account": "123456789012", "random": "r" * 26},
        "summary": "Start " + what,
        "sentence": f"Start {what} in payments-test (123456789012), ap-northeast-1, for 8 hours.",
        "account": {"id": "123456789012", "alias": "payments-test"},
        "region": "ap-northeast-1",
        "target": "default",
        "confirmation": "\nYou are trying to start an instance.\nproceed? (y/n): ",
        "facts": [
            *(
                {"key": key, "label": label, "value": value, "source": "operator", "level": "plain"}
                for key, label, value in place
            ),
            *(fact for one in made for fact in facts_of(one)),
        ],
        "calls": made,
        "price": price(f"{0.0204 * len(made):.4f}"),
        "lease": {"hours": 8},
        "time_zone": "Asia/Tokyo",
        "history": [
            {"number": 1, "at": at(minutes=-4), "event": "requested", "by": "Kai", "text": ""},
            {"number": 2, "at": at(minutes=-3), "event": "opened", "by": "", "text": "Bob, Carol"},
            {"number": 3, "at": at(minutes=-2), "event": "of_tomorrow", "by": "", "text": ""},
        ],
        "requester": {"name": "Kai", "email": "kai@example.com"},
        "request_words": "Start a small machine for the load test, please. Key kondo.",
        "agent": "ec2",
        "conversation_id": None,
        "created_at": at(minutes=-4),
        "expires_at": at(minutes=6) if status != "preparing" else None,
        "deciders": [{"name": name.title(), "email": f"{name}@example.com"} for name in ("bob", "carol")],
        "decisions": [],
        "ended_by": "",
        "closed_at": None,
        "mine": False,
        "can_decide": status == "pending",
        **more,
    }  # fmt: skip


def decision(verdict: str, **more: Any) -> dict[str, Any]:
    carol = {"name": "Carol", "email": "carol@example.com"}
    return {
        "decision": verdict,
        "by": carol,
        "at": at(minutes=-1),
        "reason": "",
        "self_confirmed": False,
        "calls": [],
        **more,
    }


def body_of(request: Asked) -> Any:
    """JSON as a value, a file as its bytes."""
    sent = request.post_data_buffer
    if not sent:
        return None
    is_json = request.headers.get("content-type") == "application/json"
    return json.loads(sent) if is_json else sent


class DrawnPages:
    """Answers every request of a browser: shells and assets as served, data as the test says."""

    def __init__(self, context: BrowserContext, user: str = "bob") -> None:
        self.answers: dict[str, tuple[int, Any, dict[str, str]]] = {}
        self.sent: list[tuple[str, str, Any]] = []
        self.complaints: list[str] = []
        self.reacts: dict[str, Callable[[Any], None]] = {}
        context.route("**/*", self._answer)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.add_cookies(
            [{"name": "__Host-countersign-signed-in", "value": "1", "url": ORIGIN, "secure": True}]
        )
        self.says(
            "POST /session",
            {"access_token": "token", "expires_in": 900, "user": USERS[user]},
        )
        self.says("GET /agents", {"agents": []})
        self.says("GET /healthz", {"model": "scripted"})
        self.says("GET /conversations", {"conversations": [], "after": None})
        self.says("GET /approvals", {"approvals": [], "after": None})
        self.says("GET /freeze", {"frozen": False})
        self.page: Page = context.new_page()

    def says(self, route: str, value: Any, status: int = 200, **headers: str) -> None:
        self.answers[route] = (status, value, headers)

    def shows(self, value: Mapping[str, Any]) -> Page:
        """The approval page of this request, drawn anew."""
        self.says(f"GET /approvals/{ID}", value)
        return self.opens(f"/a/{ID}")

    def opens(self, path: str) -> Page:
        self.page.goto(ORIGIN + path)
        self.page.locator("body:not([data-state=loading])").wait_for()
        return self.page

    def bodies(self, route: str) -> list[Any]:
        return [body for method, path, body in self.sent if f"{method} {path}" == route]

    def _answer(self, route: Route) -> None:
        request = route.request
        address = urlsplit(request.url)
        path = address.path
        if f"{address.scheme}://{address.netloc}" != ORIGIN:
            self.complaints.append(f"a request to {request.url}")
            route.abort()
            return
        key = f"{request.method} {path}"
        if key in self.answers:
            body = body_of(request)
            self.sent.append((request.method, path, body))
            if key in self.reacts:
                self.reacts[key](body)
            status, value, headers = self.answers[key]
            if isinstance(value, bytes):
                route.fulfill(status=status, body=value, headers=headers)
            elif value is UNREACHABLE:
                route.abort()
            else:
                route.fulfill(status=status, json=value, headers=headers)
            return
        self._serve(route, path)

    def _serve(self, route: Route, path: str) -> None:
        asked = Request(
            method="GET",
            path=path,
            path_parameters={},
            query={},
            headers={},
            cookies=(),
            body=b"",
            caller=None,
            request_id="",
            source_ip="",
            milliseconds_left=lambda: 1000,
        )
        try:
            if path.startswith("/assets/"):
                version, _, name = path.removeprefix("/assets/").rpartition("/")
                answer = asset(name, asked, version)
            elif path.startswith("/a/"):
                answer = shell("approval.html", asked)
            else:
                answer = shell(SHELLS[path], asked)
        except (NotFound, KeyError):
            route.fulfill(status=404, body="")
            return
        route.fulfill(status=200, headers=dict(answer.headers), body=answer.body)
