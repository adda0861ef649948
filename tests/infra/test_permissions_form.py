"""Whether IAM would take the policies, and what a reviewer would look for in them."""

import botocore.session
import pytest

from infra import permissions_places as on
from infra.permissions import POLICIES_OF_A_ROLE, POLICY_CHARACTERS, characters
from infra.permissions_places import On
from tests.infra.deployed_policies import STACKS, every_document, executing
from tests.support.iam_policies import actions_of, listed, statements_of

MODELS = {"states": "stepfunctions", "ses": "sesv2", "servicequotas": "service-quotas"}
NOT_OPERATIONS = {
    "dynamodb:ConditionCheckItem",
    "iam:PassRole",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:UpdateLogDelivery",
    "sts:SetSourceIdentity",
}
"""Rights that no call is named after."""
NOT_BY_OPERATION = {"apigateway", "bedrock", "bedrock-mantle", "s3"}
"""Services whose rights are named otherwise than their calls."""


@pytest.fixture(params=STACKS)
def stack(request, assembly):
    return request.param, assembly.template(request.param).content


def test_iam_takes_every_policy(stack):
    documents = every_document(stack)
    assert sum(name.startswith("execution-") for name in documents) <= POLICIES_OF_A_ROLE
    for name, document in documents.items():
        assert characters(document) <= POLICY_CHARACTERS, name
        sids = [statement["Sid"] for statement in document["Statement"]]
        assert len(sids) == len(set(sids))
        assert all(sid.isalnum() for sid in sids)


def test_no_policy_has_a_wild_action_or_takes_back(stack):
    for document in every_document(stack).values():
        for statement in document["Statement"]:
            assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
            assert statement["Effect"] == "Allow"
            assert statement["Action"]
            assert statement["Resource"]
            assert not [one for one in listed(statement["Action"]) if "*" in one]


def test_everything_is_named_only_with_a_reason(stack):
    reasoned = {one.sid for one in vars(on).values() if isinstance(one, On) and one.reason}
    for statement in statements_of(executing(*stack)):
        assert ("*" in statement["Resource"]) <= (statement["Sid"] in reasoned), statement["Sid"]
    for statement in statements_of(every_document(stack).values()):
        changing = [one for one in listed(statement["Action"]) if one.startswith("iam:")]
        if "*" in statement["Resource"]:
            assert set(changing) <= {"iam:ListAccountAliases"}


def test_every_action_is_one_of_aws(assembly):
    loader = botocore.session.get_session().get_component("data_loader")
    stacks = [(name, assembly.template(name).content) for name in STACKS]
    written = actions_of(one for stack in stacks for one in every_document(stack).values())
    for service in sorted({action.partition(":")[0] for action in written} - NOT_BY_OPERATION):
        model = loader.load_service_model(MODELS.get(service, service), "service-2")
        words = {
            one.split("20")[0].replace("Invoke", "InvokeFunction") for one in model["operations"]
        }
        own = {one for one in written if one.startswith(f"{service}:")}
        assert own - NOT_OPERATIONS <= {f"{service}:{word}" for word in words}
