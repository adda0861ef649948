"""The promises I1 to I11, looked for in what a run left: records, instances, mails, logs, answers."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from functions.shared.approval_reader import ApprovalReader
from functions.shared.audit import AuditTable
from functions.shared.audit_chain import verify_chain, verify_record
from functions.shared.aws import client
from tests.support import account as accounts
from tests.sweeps.world import World

LOST, STUCK, DOUBLED, BROKEN = "lost", "stuck", "doubled", "broken"
SECRETS = (accounts.MODEL_KEY, "task-token-canary")
_plain = TypeDeserializer().deserialize


@dataclass(frozen=True)
class Violation:
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


@dataclass(frozen=True)
class Expected:
    """What a story must come to; None where any end will do."""

    status: str | None = None
    instances: int | None = None
    alive: int | None = None
    """How many instances are left; all, if nothing is said."""
    outcome: str = "succeeded"
    """Of every approved call, where the approval's end is given."""
    mails_each: int = 1
    """How often one person may get the same mail; a crash between sending and noting it repeats one."""


def violations(world: World, expected: Expected = Expected()) -> list[Violation]:
    """Every promise that this run did not keep."""
    world.gate.fault = None
    with world.captured():
        records = _records(world)
        found = [
            *_launches(world, records),
            *_endings(world, records, expected),
            *_messages(world),
            *_decisions(world, records),
            *_histories(world),
            *_secrets(world),
            *_chain(world, records),
            *_mails(world, expected),
            *_budgets(world),
        ]
    if expected.instances is not None and len(world.aws.ec2.instances) != expected.instances:
        count = len(world.aws.ec2.instances)
        kind = DOUBLED if count > expected.instances else LOST
        found.append(Violation(kind, f"{count} instances instead of {expected.instances}"))
    alive = sum(one["State"]["Name"] != "terminated" for one in world.aws.ec2.instances.values())
    if expected.alive is not None and alive != expected.alive:
        found.append(Violation(STUCK, f"{alive} instances live instead of {expected.alive}"))
    return found


def assert_promises(world: World, expected: Expected = Expected()) -> None:
    """Raises with every promise that this run did not keep."""
    found = violations(world, expected)
    assert not found, "; ".join(map(str, found))


def _records(world: World) -> dict[str, dict[str, Any]]:
    return {
        item["pk"]: item for item in _items(world, accounts.APPROVALS) if item["sk"] == "approval"
    }


def _items(world: World, table: str) -> list[dict[str, Any]]:
    rows = world.items(table)
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _launches(world: World, records: Mapping[str, Any]) -> Iterator[Violation]:
    """I1, I2, I3, I6: each instance is one approved call, run once, as it was shown."""
    rows = {
        item["client_token"]: item
        for item in _items(world, accounts.APPROVALS)
        if item["sk"].startswith("call#") and "client_token" in item
    }
    launched: Counter[tuple[str, str]] = Counter()
    for instance in world.aws.ec2.instances.values():
        row = rows.get(instance["ClientToken"])
        record = records.get(row["pk"]) if row else None
        if row is None or record is None:
            yield Violation(BROKEN, f"I1 {instance['InstanceId']} belongs to no call")
            continue
        call_id = row["sk"].removeprefix("call#")
        launched[record["pk"], call_id] += 1
        decision = record.get("decision")
        if (
            record["status"] != "approved"
            or not decision
            or decision["calls"].get(call_id) != "approve"
        ):
            yield Violation(BROKEN, f"I6 {instance['InstanceId']} runs, {record['status']}")
            continue
        yield from _as_shown(world, record, call_id, instance)
    for (_, call_id), count in launched.items():
        if count > 1:
            yield Violation(DOUBLED, f"I2 {call_id} was launched {count} times")
    yield from _told_truly(records, launched)


def _as_shown(
    world: World, record: Mapping[str, Any], call_id: str, instance: Mapping[str, Any]
) -> Iterator[Violation]:
    shown = world.shown.get(record["decision"]["digest"])
    if shown is None:
        yield Violation(BROKEN, "I3 the decision's digest was shown to nobody")
        return
    call = next(one for one in shown["calls"] if one["id"] == call_id)
    arguments = call["arguments"]
    for name, key in (("ImageId", "image_id"), ("InstanceType", "instance_type")):
        if instance[name] != arguments[key]:
            yield Violation(BROKEN, f"I3 {name} is {instance[name]}, shown was {arguments[key]}")
    if instance["KeyName"] != arguments["key_name"]:
        yield Violation(BROKEN, f"I3 the key pair is {instance['KeyName']}")


def _told_truly(
    records: Mapping[str, Any], launched: Mapping[tuple[str, str], int]
) -> Iterator[Violation]:
    """An outcome says "succeeded" exactly where an instance runs."""
    for approval_id, record in records.items():
        for call_id, outcome in record.get("outcomes", {}).items():
            runs = (approval_id, call_id) in launched
            if runs and outcome["status"] in ("failed", "rejected", "denied", "expired"):
                yield Violation(LOST, f"I1 an instance runs, told was {outcome['status']}")
            if not runs and outcome["status"] == "succeeded":
                yield Violation(LOST, "I1 told was an instance that does not run")


def _endings(world: World, records: Mapping[str, Any], expected: Expected) -> Iterator[Violation]:
    """I9: an end state, in time, told."""
    for record in records.values():
        status = record["status"]
        if "closed_at" not in record or "told_at" not in record or "unfinished" in record:
            yield Violation(STUCK, f"I9 an approval is {status} and nobody goes on")
        elif expected.status is not None and status != expected.status:
            because = record.get("ended_by", "")
            yield Violation(LOST, f"I9 ended {status}, not {expected.status}: {because}")
        calls = {one["id"] for one in json.loads(record["plan"])["calls"]}
        if "closed_at" in record and set(record["outcomes"]) != calls:
            yield Violation(LOST, "I9 a call has no outcome")
        if expected.status == "approved":
            for call_id, verdict in record.get("decision", {}).get("calls", {}).items():
                outcome = record.get("outcomes", {}).get(call_id, {}).get("status")
                if verdict == "approve" and outcome not in (expected.outcome, None):
                    yield Violation(LOST, f"I9 an approved call is {outcome}")
    for execution in world.engine.executions.values():
        if execution.status == "RUNNING":
            yield Violation(STUCK, f"an execution still runs after {execution.states[-1:]}")


def _messages(world: World) -> Iterator[Violation]:
    """I7: accepted, readable, in order, exactly once, and answered."""
    said: dict[tuple[str, str], list[str]] = {}
    for message in world.messages:
        if message["answer"] is None and not message.get("may_be_refused"):
            yield Violation(LOST, f"I7 {message['text']!r} was never accepted")
        if message["conversation"]:
            said.setdefault((message["by"], message["conversation"]), []).append(message["text"])
    for (by, conversation), texts in said.items():
        answer = world.http(
            "GET /conversations/{conversation_id}", by=by, conversation_id=conversation
        )
        if answer.status != 200:
            yield Violation(LOST, f"I7 the conversation answers {answer.status}")
            continue
        turns = answer.json["turns"]
        read = Counter(turn["message"] for turn in turns)
        for message in world.messages:
            is_accepted = message["conversation"] == conversation and message["answer"]
            if is_accepted and read[message["text"]] == 0:
                yield Violation(LOST, f"I7 {message['text']!r} cannot be read")
        if [turn["turn"] for turn in turns] != list(range(1, len(turns) + 1)):
            yield Violation(LOST, "I7 the turns are not in order")
        for text, count in read.items():
            if count > texts.count(text):
                yield Violation(DOUBLED, f"I7 {text!r} can be read {count} times")
        for turn in turns:
            if turn["status"] not in ("completed", "failed"):
                yield Violation(STUCK, f"I9 a turn is {turn['status']}")
            if any(call["status"] == "waiting" for call in turn["tool_calls"]):
                yield Violation(LOST, "I9 the conversation was not told what became of a call")


def _decisions(world: World, records: Mapping[str, Any]) -> Iterator[Violation]:
    """I4: by somebody entitled, who is not the requester."""
    humans = world.account.humans.values()
    approvers = {human.sub for human in humans if "approvers" in human.groups}
    for record in records.values():
        decision = record.get("decision")
        if decision and (
            decision["by"]["sub"] not in approvers
            or decision["by"]["sub"] == record["requester"]["sub"]
        ):
            yield Violation(BROKEN, f"I4 decided by {decision['by']['name']}")

    for approval_id, by, decision, status in world.votes:
        if status != 200:
            continue
        stored = records[approval_id].get("decision")
        sub = world.account.humans[by].sub
        if not stored or stored["by"]["sub"] != sub or stored["decision"] != decision:
            yield Violation(LOST, f"{by} was told that {decision} counts, and it does not")


def _histories(world: World) -> Iterator[Violation]:
    """I8."""
    for history in world.model.invalid:
        yield Violation(BROKEN, f"I8 {history}")


def _secrets(world: World) -> Iterator[Violation]:
    """I10: in no log, history, mail, answer, record or payload but the one that hands the token over."""
    payloads = [one for one in world.engine.requests if one[0] != "request_approval"]
    places: dict[str, object] = {
        "the log": world.log.getvalue(),
        "a mail": world.aws.mails,
        "a history": world.model.asked,
        "an answer": [(answer.text, answer.headers) for answer in world.answers],
        "a payload": payloads,
        "a role session": world.aws.sent,
        "the conversations": _items(world, accounts.CONVERSATIONS),
        "the approvals": _items(world, accounts.APPROVALS),
    }
    for place, value in places.items():
        text = str(value)
        for secret in SECRETS:
            if secret in text:
                yield Violation(BROKEN, f"I10 {secret[:10]}… is in {place}")


def _chain(world: World, records: Mapping[str, Any]) -> Iterator[Violation]:
    """I11: one row per transition, chained, and the record says what its newest row says."""
    table = AuditTable(client("dynamodb"), accounts.AUDIT)
    reader = ApprovalReader(client("dynamodb"), accounts.APPROVALS)
    for approval_id in records:
        rows, approval = table.rows(approval_id), reader.get(approval_id)
        for finding in verify_chain(approval_id, rows) + verify_record(approval, rows):
            yield Violation(DOUBLED if "order" in finding else BROKEN, f"I11 {finding}")


def _budgets(world: World) -> Iterator[Violation]:
    """What is over takes no room: neither among the open requests nor among the living instances."""
    alive = sum(one["State"]["Name"] != "terminated" for one in world.aws.ec2.instances.values())
    for item in _items(world, accounts.BUDGETS):
        if item["pk"].startswith("open#") and item.get("approvals"):
            yield Violation(STUCK, f"an ended request still counts as open: {item['approvals']}")
        if item["pk"].startswith("live#") and len(item.get("calls", ())) != alive:
            yield Violation(STUCK, f"{len(item['calls'])} places are taken by {alive} instances")


def _mails(world: World, expected: Expected) -> Iterator[Violation]:
    """The same mail to the same person."""
    for (to, subject, _), count in Counter(world.aws.mails).items():
        if count > expected.mails_each:
            yield Violation(DOUBLED, f"{to} got {subject!r} {count} times")
