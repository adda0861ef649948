"""A stack whose audit the command line reads: tables and key in this process, written by the product's own stores."""

from dataclasses import replace
from datetime import timedelta

import boto3
from botocore.exceptions import ClientError

from functions.shared.approval_reader import ApprovalReader
from functions.shared.approval_table import ApprovalTable
from functions.shared.plan import digest_of
from functions.shared.seal import Sealer
from tests.support.account import REGION
from tests.support.audited import (
    ALICE,
    APPROVAL_ID,
    CAROL,
    OUTCOMES,
    a_decision,
    a_plan,
    an_approval,
)
from tests.support.clock import START

STACK = "Countersign"
APPROVALS, AUDIT = "cli-approvals", "cli-audit"
PLAN = a_plan(account_alias="payments-test")


class Stacks:
    """CloudFormation as far as outputs go; moto's needs packages that nothing else here does."""

    def __init__(self):
        self.outputs = {}

    def describe_stacks(self, *, StackName):
        if StackName not in self.outputs:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")
        outputs = self.outputs[StackName].items()
        listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs]
        return {"Stacks": [{"StackName": StackName, "Outputs": listed}]}


class Deployed:
    """The stack's tables and key, written by the product's own stores."""

    def __init__(self):
        self.stacks = Stacks()
        self.dynamodb = boto3.client("dynamodb", region_name=REGION)
        self.kms = boto3.client("kms", region_name=REGION)
        self.key = self.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")[
            "KeyMetadata"
        ]["Arn"]
        for table in (APPROVALS, AUDIT):
            self.dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
                ],
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
            )
        self.table = ApprovalTable(self.dynamodb, APPROVALS, AUDIT)
        self.deploy({"AuditTable": AUDIT, "ApprovalsTable": APPROVALS, "DecisionKeys": self.key})

    def deploy(self, outputs, name=STACK):
        self.stacks.outputs[name] = outputs

    @property
    def record(self):
        return ApprovalReader(self.dynamodb, APPROVALS).get(APPROVAL_ID)

    def ask(self):
        self.table.write(self.table.put_items(an_approval(), START))

    def open(self):
        expires_at = int((START + timedelta(hours=1)).timestamp())
        self.table.write(
            self.table.open_items(
                self.record,
                plan=PLAN,
                digest=digest_of(PLAN),
                requester=ALICE,
                asked=[CAROL],
                expires_at=expires_at,
                due_at=expires_at,
                now=START,
            )
        )

    def decide(self, reason="fine"):
        decision = replace(a_decision(digest_of(PLAN)), reason=reason)
        seal = Sealer(self.kms, self.key).seal(APPROVAL_ID, decision)
        self.table.decide(self.record, replace(decision, seal=seal), START)

    def close(self):
        self.table.write(self.table.close_items(self.record, OUTCOMES, START))

    def launch(self):
        """All four transitions."""
        self.ask()
        self.open()
        self.decide()
        self.close()

    def edit(self, table, sk, expression, **values):
        self.dynamodb.update_item(
            TableName=table,
            Key={"pk": {"S": APPROVAL_ID}, "sk": {"S": sk}},
            UpdateExpression=expression,
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
        )
