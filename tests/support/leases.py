"""Leased instances in this process: ledger rows as a launch leaves them, moto's EC2 behind them, faults on demand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.end_lease.step import Ending, step_leases
from functions.end_lease.strays import find_strays
from functions.shared.approval import Approval, Person, Status
from functions.shared.approval_item import attributes, person_item
from functions.shared.approval_table import ApprovalTable
from functions.shared.audit import AuditTable
from functions.shared.aws import client
from functions.shared.channels import SnsChannel
from functions.shared.identifiers import new_id, timestamp
from functions.shared.lease_table import LeasedInstance, LeaseTable, lease_attributes
from functions.shared.plan import canonical, digest_of
from functions.shared.target_settings import EndLeaseSettings
from functions.shared.targets import Targets
from tests.support.account import APPROVALS, AUDIT, BUDGETS, ORIGIN, REGION, STACK, TARGETS, Account
from tests.support.clock import Clock

CALL_ID = "call_1"
LAUNCH = {"image_id": "ami-0123456789abcdef0", "instance_type": "t3.micro", "key_name": "demo"}


def end_lease_settings(account: Account) -> EndLeaseSettings:
    return EndLeaseSettings(
        stage="dev",
        approvals_table=APPROVALS,
        audit_table=AUDIT,
        budgets_table=BUDGETS,
        targets=TARGETS,
        stack=STACK,
        origin=ORIGIN,
        time_zone="UTC",
        channel="sns",
        topic_arn=account.topic_arn,
        mail_from="",
    )


@dataclass
class WatchedEc2:
    """moto's EC2; `faults`, by operation, are answered instead, one each; changes are kept in order."""

    client: Any
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            waiting = self.faults.get(operation)
            if waiting:
                raise waiting.pop(0)
            if operation in ("stop_instances", "terminate_instances"):
                self.changes += [(operation, one) for one in request["InstanceIds"]]
            return getattr(self.client, operation)(**request)

        return call

    def state(self, instance_id: str) -> str:
        answer = self.client.describe_instances(InstanceIds=[instance_id])
        return str(answer["Reservations"][0]["Instances"][0]["State"]["Name"])


class Leases:
    """`launched` makes an approved, closed request with one running instance; `step` is what the sweep asks for."""

    def __init__(self, account: Account, clock: Clock | None = None) -> None:
        self.account = account
        self.clock = clock or Clock()
        self.ec2 = WatchedEc2(client("ec2"))
        dynamodb = client("dynamodb")
        self.approvals = ApprovalTable(dynamodb, APPROVALS, AUDIT)
        self.table = LeaseTable(dynamodb, self.approvals)
        self.ending = Ending(
            settings=end_lease_settings(account),
            approvals=self.approvals,
            leases=self.table,
            targets=Targets.parsed(TARGETS),
            ec2=lambda _: self.ec2,
            channel=SnsChannel(client("sns"), account.topic_arn),
            clock=self.clock,
        )

    def person(self, name: str) -> Person:
        human = self.account.humans[name]
        return Person(human.sub, human.email, human.name)

    def launched(
        self,
        *,
        hours: int = 8,
        tags: Mapping[str, str] | None = None,
        call_ids: tuple[str, ...] = (CALL_ID,),
    ) -> Approval:
        """One approval whose calls have each started an instance; `tags` replaces some of the instances' own."""
        approval = self._approval(call_ids)
        self.approvals.write(self.approvals.put_items(approval, self.clock()))
        asked = [person_item(person) for person in approval.asked]
        client("dynamodb").update_item(
            TableName=APPROVALS,
            Key=attributes({"pk": approval.id, "sk": "approval"}),
            UpdateExpression="SET asked = :asked REMOVE unfinished, due_at",
            ExpressionAttributeValues=attributes({":asked": asked}),
        )
        for call_id in call_ids:
            own = {
                "countersign:approval": approval.id,
                "countersign:call": call_id,
                "countersign:stack": STACK,
                **(tags or {}),
            }
            instance_id = self.instance(**{key: value for key, value in own.items() if value})
            ends_at = int(self.clock().timestamp()) + hours * 3600
            self._row(approval.id, call_id, lease_attributes(instance_id, ends_at=ends_at))
        return approval

    def instance(self, **tags: str) -> str:
        tagged = [{"Key": key, "Value": value} for key, value in tags.items()]
        specification = [{"ResourceType": "instance", "Tags": tagged}] if tagged else []
        answer = client("ec2").run_instances(
            ImageId=LAUNCH["image_id"],
            InstanceType=LAUNCH["instance_type"],
            MinCount=1,
            MaxCount=1,
            TagSpecifications=specification,
        )
        return str(answer["Instances"][0]["InstanceId"])

    def of(self, approval: Approval, call_id: str = CALL_ID) -> LeasedInstance:
        leased = self.table.get(approval.id, call_id)
        assert leased is not None
        return leased

    def step(self, *approvals: Approval, call_ids: tuple[str, ...] = (CALL_ID,)) -> None:
        step_leases(
            self.ending, [(approval.id, call_id) for approval in approvals for call_id in call_ids]
        )

    def due(self) -> list[tuple[str, str]]:
        """What the sweep would find now, by its index."""
        answer = client("dynamodb").query(
            TableName=APPROVALS,
            IndexName="unfinished",
            KeyConditionExpression="unfinished = :lease AND due_at <= :now",
            ExpressionAttributeValues={
                ":lease": {"S": "lease"},
                ":now": {"N": str(int(self.clock().timestamp()))},
            },
        )
        return [(item["pk"]["S"], item["sk"]["S"]) for item in answer["Items"]]

    def strays(self) -> list[str]:
        return find_strays(self.ending)

    def events(self, approval: Approval) -> list[str]:
        rows = AuditTable(client("dynamodb"), AUDIT).rows(approval.id)
        return [str(row["event"]) for row in rows]

    def _row(self, approval_id: str, call_id: str, lease: Mapping[str, Any]) -> None:
        row = {
            "pk": approval_id,
            "sk": f"call#{call_id}",
            "v": 2,
            "ledger_status": "succeeded",
            "text": "Started.",
            "client_token": "t" * 64,
            "began_at": timestamp(self.clock()),
            **lease,
        }
        client("dynamodb").put_item(TableName=APPROVALS, Item=attributes(row))

    def _approval(self, call_ids: tuple[str, ...]) -> Approval:
        requester = self.person("alice")
        plan = canonical(
            {
                "version": 2,
                "account": "123456789012",
                "account_alias": "",
                "region": REGION,
                "target": "default",
                "requester": requester.sub,
                "conversation": new_id(),
                "turn": 1,
                "agent": "ec2",
                "manifest": "m" * 64,
                "calls": [
                    {
                        "id": call_id,
                        "function": "run_instances",
                        "operation": "run_instances",
                        "arguments": LAUNCH,
                        "parameters": {},
                        "facts": [],
                        "price": None,
                    }
                    for call_id in call_ids
                ],
                "lease": {"hours": 8},
                "price": None,
                "random": new_id(),
            }
        )
        return Approval(
            id=new_id(),
            status=Status.APPROVED,
            version=1,
            digest=digest_of(plan),
            plan=plan,
            agent="ec2",
            conversation_id=new_id(),
            turn=1,
            requester=requester,
            request_words="one t3.micro, please",
            created_at=timestamp(self.clock()),
            asked=(self.person("bob"), self.person("carol")),
        )
