"""A sample of `make sweep`: some faults and some orders, drawn by a seed that is printed; SWEEP_SEED repeats it."""

import os
import random
import secrets
import time

import pytest
from botocore.exceptions import ClientError

from functions.shared.aws import client
from tests.sweeps import crash, dynamodb, races
from tests.sweeps.aws import over_http
from tests.sweeps.promises import Expected, violations
from tests.sweeps.runner import every_case, tried
from tests.sweeps.stage import stage
from tests.sweeps.stories import STORIES

SECONDS = 20
AT_LEAST, AT_MOST = 30, 150


@pytest.fixture(scope="module")
def one_stage(tmp_path_factory):
    with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture
def seed(capsys):
    drawn = int(os.environ.get("SWEEP_SEED") or secrets.randbelow(10**6))
    with capsys.disabled():
        print(f" SWEEP_SEED={drawn}", end="")
    return drawn


@pytest.mark.exhaustive
def test_no_sampled_fault_and_no_sampled_order_breaks_a_promise(one_stage, seed):
    """As many as fit into the time, each kind in turn."""
    draw = random.Random(seed)  # noqa: S311
    until = time.monotonic() + SECONDS
    crashes = list(every_case("crash/", 0, one_stage))
    draw.shuffle(crashes)
    names = list(races.RACES)
    for number in range(AT_MOST):
        if number >= AT_LEAST and time.monotonic() > until:
            break
        race = f"race/{names[number // 2 % len(names)]}/{draw.randrange(10**6)}"
        name = crashes[number] if number % 2 else race
        broken = tried(one_stage, name)
        again = f"python -m tests.sweeps --only {name}"
        assert not broken, f"{'; '.join(map(str, broken))}\n{again}"


def test_a_run_repeats_itself(one_stage):
    """The same seed, the same order: otherwise nothing that is found could be looked at."""
    runs = []
    for _ in range(2):
        races.tried(one_stage, "redelivered", 7)
        runs.append([str(point) for point in one_stage.world.gate.points])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("name", STORIES)
def test_the_table_without_http_answers_as_it_does_over_http(one_stage, name):
    """The same calls, the same items, the same answers to people."""
    seen = []
    for answered in (dynamodb.answered, over_http):
        world = one_stage.begin(seed=1)
        world.aws.dynamodb = answered
        STORIES[name].tell(world)
        world.run(STORIES[name].hours)
        items = [world.items(table) for table in ("approvals", "conversations", "audit", "budgets")]
        seen.append(
            (
                [str(point) for point in world.gate.points],
                [(answer.status, answer.text) for answer in world.answers],
                items,
            )
        )
    assert seen[0] == seen[1]


_ROW = {"TableName": "approvals", "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}
_KEY = {"TableName": "approvals", "Key": _ROW["Item"]}
_FREE = {
    "ConditionExpression": "attribute_not_exists(pk)",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}
_ONE = {":x": {"N": "1"}}


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("GetItem", _KEY),
        ("GetItem", {**_KEY, "Key": {"pk": {"S": "a"}, "sk": {"S": "none"}}}),
        ("PutItem", {**_ROW, **_FREE}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {**_ROW, **_FREE}}]}),
        (
            "UpdateItem",
            {
                **_KEY,
                "UpdateExpression": "ADD x :x",
                "ExpressionAttributeValues": _ONE,
                "ReturnValues": "UPDATED_NEW",
            },
        ),
        (
            "UpdateItem",
            {
                **_KEY,
                **_FREE,
                "UpdateExpression": "SET x = :x",
                "ExpressionAttributeValues": _ONE,
            },
        ),
        ("UpdateItem", {**_KEY, "UpdateExpression": "SET x = :y"}),
        (
            "Query",
            {
                "TableName": "approvals",
                "KeyConditionExpression": "pk = :x",
                "ExpressionAttributeValues": {":x": {"S": "a"}},
            },
        ),
        ("BatchGetItem", {"RequestItems": {"approvals": {"Keys": [_ROW["Item"]]}}}),
    ],
)
def test_one_answer_or_error_of_the_table_is_as_over_http(one_stage, operation, parameters):
    seen = []
    for answered in (dynamodb.answered, over_http):
        one_stage.begin()
        answered(client("dynamodb"), "PutItem", _ROW)
        try:
            told = answered(client("dynamodb"), operation, parameters)
        except ClientError as error:
            told = {"raised": type(error).__name__, **error.response}
        for name in ("ResponseMetadata", "message", "Message"):
            told.pop(name, None)
        seen.append(told)
    assert seen[0] == seen[1]


def test_what_is_broken_on_purpose_is_seen(one_stage):
    """An instance that nobody approved, a mail too many, a secret in the log, an edited audit row."""
    world = crash.told(one_stage, STORIES["rejected"])
    assert violations(world, Expected("rejected", 0)) == []
    world.aws.ec2.sdk(
        "RunInstances",
        {"ClientToken": "x", "ImageId": "ami", "InstanceType": "t2.micro", "KeyName": "k"},
        pytest.fail,
    )
    world.aws.mails.append(world.aws.mails[0])
    world.log.write("task-token-canary-0")
    [*_, row] = (row for row in one_stage.world.rows("audit"))
    row.attrs["actor"].value = "somebody else"
    found = " ".join(map(str, violations(world, Expected("rejected", 0))))
    for promise in ("I1", "I10", "I11", "doubled"):
        assert promise in found
