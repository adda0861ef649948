"""What is deployed: data that survive, rooms, alarms that ring, addresses that are told."""

import json

import pytest

from tests.infra.conftest import WEB_PROFILE

TABLES = {
    "Tables/Conversations": ("pk", "sk"),
    "Tables/Approvals": ("pk", "sk"),
    "Tables/Audit": ("pk", "sk"),
    "Tables/TaskTokens": ("approval_id",),
    "Tables/Budgets": ("pk",),
}
ROOMS = {
    "Chat/Function": ("chat", "functions.chat.handler.handler", 29),
    "Chat/ContinueTurn": ("continue_turn", "functions.chat.continue_turn.handler", 180),
    "Conversations/Function": ("conversations", "functions.conversations.handler.handler", 15),
    "Approvals/Function": ("approvals", "functions.approvals.handler.handler", 15),
    "DecideApproval/Function": (
        "decide_approval",
        "functions.decide_approval.handler.handler",
        15,
    ),
    "Catalogue/Function": ("catalogue", "functions.catalogue.handler.handler", 20),
    "Preflight/Function": ("preflight", "functions.preflight.handler.handler", 25),
    "RequestApproval/Function": (
        "request_approval",
        "functions.request_approval.handler.handler",
        60,
    ),
    "LaunchInstance/Function": (
        "launch_instance",
        "functions.launch_instance.handler.handler",
        300,
    ),
    "RunAction/Function": ("run_action", "functions.run_action.handler.handler", 120),
    "RecordOutcome/Function": ("record_outcome", "functions.record_outcome.handler.handler", 60),
    "EndLease/Function": ("end_lease", "functions.end_lease.handler.handler", 120),
    "Freeze/Function": ("freeze", "functions.freeze.handler.handler", 15),
    "Sweep/Function": ("sweep", "functions.sweep.handler.handler", 50),
    "Pages/Function": ("pages", "functions.pages.handler.handler", 15),
    "Session/Function": ("session", "functions.session.handler.handler", 15),
}


def test_what_holds_data_keeps_its_logical_id(production):
    stateful = ("AWS::DynamoDB::Table", "AWS::Cognito::UserPool", "AWS::KMS::Key")
    assert {
        resource.path: resource.id for type_ in stateful for resource in production.of_type(type_)
    } == {
        "Tables/Conversations": "TablesConversationsDFBD939C",
        "Tables/Approvals": "TablesApprovalsAE375412",
        "Tables/Audit": "TablesAuditCEFF9E0F",
        "Tables/TaskTokens": "TablesTaskTokens0F0B748E",
        "Tables/Budgets": "TablesBudgetsFD901A3B",
        "SignIn/Pool": "SignInPoolFD298EFA",
        "Protection/Key": "ProtectionKey038785DA",
        "SealKey/Key": "SealKeyC5072D71",
    }


@pytest.mark.parametrize("path", TABLES)
def test_a_table_in_production_survives_mistakes(production, path):
    table = production.one("AWS::DynamoDB::Table", path)
    assert table.properties["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True
    }
    assert table.properties["DeletionProtectionEnabled"] is True
    assert table.whole["DeletionPolicy"] == table.whole["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("path", TABLES)
def test_a_table_is_on_demand_encrypted_with_our_key_and_forgets(with_ses, path):
    table = with_ses.one("AWS::DynamoDB::Table", path).properties
    assert tuple(key["AttributeName"] for key in table["KeySchema"]) == TABLES[path]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert with_ses.spelled(table["SSESpecification"]["KMSMasterKeyId"]) == "<Protection/Key>"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "delete_after", "Enabled": True}


def test_the_indexes_are_those_that_the_rooms_query(production):
    indexes = {
        (table.path, index["IndexName"]): (
            [key["AttributeName"] for key in index["KeySchema"]],
            index["Projection"]["ProjectionType"],
            sorted(index["Projection"].get("NonKeyAttributes", [])),
        )
        for table in production.of_type("AWS::DynamoDB::Table")
        for index in table.properties.get("GlobalSecondaryIndexes", [])
    }
    assert indexes == {
        ("Tables/Conversations", "owner_list"): (
            ["owner", "started_at"],
            "INCLUDE",
            ["agent", "title"],
        ),
        ("Tables/Conversations", "unfinished"): (["unfinished", "due_at"], "KEYS_ONLY", []),
        ("Tables/Approvals", "by_status"): (["status", "created_at"], "ALL", []),
        ("Tables/Approvals", "unfinished"): (
            ["unfinished", "due_at"],
            "INCLUDE",
            ["closed_at", "expires_at", "status"],
        ),
    }


def test_data_of_a_trial_go_with_the_stack(with_ses):
    for table in with_ses.of_type("AWS::DynamoDB::Table"):
        assert table.whole["DeletionPolicy"] == "Delete"
        assert table.properties["DeletionProtectionEnabled"] is False


def test_whatever_holds_words_or_names_uses_our_key(production):
    encrypted = {
        "AWS::Logs::LogGroup": "KmsKeyId",
        "AWS::SNS::Topic": "KmsMasterKeyId",
        "AWS::SQS::Queue": "KmsMasterKeyId",
        "AWS::SecretsManager::Secret": "KmsKeyId",
    }
    for type_, property_ in encrypted.items():
        assert production.of_type(type_), type_
        for resource in production.of_type(type_):
            key = production.spelled(resource.properties[property_])
            assert key == "<Protection/Key>", resource.path
    key = production.one("AWS::KMS::Key", "Protection/Key").properties
    assert key["EnableKeyRotation"] is True


def test_decisions_are_sealed_with_an_hmac_key_that_encrypts_nothing(production):
    key = production.one("AWS::KMS::Key", "SealKey/Key")
    assert (key.properties["KeySpec"], key.properties["KeyUsage"]) == (
        "HMAC_256",
        "GENERATE_VERIFY_MAC",
    )
    assert key.whole["DeletionPolicy"] == "Retain"
    sealing = production.environment("DecideApproval/Function")["DECISION_KEY"]
    checking = production.environment("LaunchInstance/Function")["DECISION_KEYS"]
    assert sealing == checking == "<SealKey/Key>"


@pytest.mark.parametrize("path", ROOMS)
def test_a_room_runs_python_3_13_on_arm_under_its_own_name(production, path):
    word, handler, seconds = ROOMS[path]
    function = production.one("AWS::Lambda::Function", path).properties
    assert function["FunctionName"] == f"Production-{word}"
    assert function["Handler"] == handler
    assert function["Timeout"] == seconds
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert "ReservedConcurrentExecutions" not in function
    variables = production.environment(path)
    assert variables["POWERTOOLS_SERVICE_NAME"] == f"Production-{word}"


def test_no_room_is_forgotten(production):
    assert {function.path for function in production.of_type("AWS::Lambda::Function")} == set(ROOMS)


def test_every_log_forgets_after_its_stage_s_time(production, with_ses):
    def kept(template):
        return {
            log.properties["RetentionInDays"] for log in template.of_type("AWS::Logs::LogGroup")
        }

    assert kept(production) == {365}
    assert kept(with_ses) == {30}


def test_what_is_called_asynchronously_has_a_dead_letter_queue(production):
    keeping = {
        function.path
        for function in production.of_type("AWS::Lambda::Function")
        if "DeadLetterConfig" in function.properties
    }
    assert keeping == {
        "Chat/ContinueTurn",
        "DecideApproval/Function",
        "EndLease/Function",
        "RecordOutcome/Function",
    }


ALARMS = {
    "ApprovalOverdue": ("Countersign", "ApprovalsOverdue", 1),
    "ApprovalUnsettled": ("Countersign", "ApprovalsUnsettled", 1),
    "LeaseOverdue": ("Countersign", "LeasesOverdue", 1),
    "LeaseRefused": ("Countersign", "LeasesRefused", 1),
    "StraysFound": ("Countersign", "StraysFound", 1),
    "BudgetsUsed": ("Countersign", "BudgetsUsed", 50),
    "ModelFails": ("Countersign", "ModelErrors", 10),
    "DeadLetters": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", 1),
    "ExecutionFailed": ("AWS/States", "ExecutionsFailed", 1),
    "ExecutionTimedOut": ("AWS/States", "ExecutionsTimedOut", 1),
    "ExecutionAborted": ("AWS/States", "ExecutionsAborted", 1),
    "SweepFailed": ("AWS/Lambda", "Errors", 3),
    "SweepStopped": ("AWS/Lambda", "Invocations", 0),
}


def test_each_trouble_has_an_alarm_and_each_alarm_is_mailed(production):
    alarms = {
        alarm.path.removeprefix("Alarms/"): alarm.properties
        for alarm in production.of_type("AWS::CloudWatch::Alarm")
    }
    assert {
        name: (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"])
        for name, alarm in alarms.items()
    } == ALARMS
    for alarm in alarms.values():
        assert [production.spelled(action) for action in alarm["AlarmActions"]] == ["<Alarms/Mail>"]


def test_strays_are_looked_for_every_hour_and_their_figure_is_this_stack_s(production):
    [rule] = [
        rule.properties
        for rule in production.of_type("AWS::Events::Rule")
        if rule.path.startswith("EndLease/")
    ]
    assert rule["ScheduleExpression"] == "rate(1 hour)"
    assert json.loads(rule["Targets"][0]["Input"]) == {"v": 2, "command": "strays"}
    strays = production.one("AWS::CloudWatch::Alarm", "Alarms/StraysFound").properties
    assert strays["Dimensions"] == [{"Name": "service", "Value": "Production-end_lease"}]
    assert strays["Period"] == 3600


def test_a_new_stack_is_not_frozen_and_a_deploy_never_thaws_one(production, with_ses):
    """CloudFormation writes a parameter again only when the template says something else than before."""
    switch = production.one("AWS::SSM::Parameter")
    assert switch.id == "FreezeSwitchParameter3C14178F"
    assert switch.properties["Name"] == "/Production/freeze"
    assert switch.properties["Value"] == '{"frozen":false}'
    assert with_ses.outputs["FreezeParameter"] == "/WithSes/freeze"
    assert production.environment("Freeze/Function")["FREEZE_PARAMETER"] == "/Production/freeze"


def test_a_sweep_that_stops_is_noticed_though_it_sends_no_figures(production):
    stopped = production.one("AWS::CloudWatch::Alarm", "Alarms/SweepStopped").properties
    assert stopped["TreatMissingData"] == "breaching"


def test_the_figures_of_the_sweep_are_those_of_this_stack(production):
    overdue = production.one("AWS::CloudWatch::Alarm", "Alarms/ApprovalOverdue").properties
    assert overdue["Dimensions"] == [{"Name": "service", "Value": "Production-sweep"}]


def test_each_recipient_gets_only_their_own_mails(production):
    mails = [
        item.properties
        for item in production.of_type("AWS::SNS::Subscription")
        if "FilterPolicy" in item.properties
    ]
    assert {mail["Endpoint"]: mail["FilterPolicy"] for mail in mails} == {
        address: {"recipient": [address]} for address in ("bob@example.com", "carol@example.com")
    }
    assert all("RedrivePolicy" in mail for mail in mails)


def test_the_laptop_run_and_ses_have_no_mail_subscription(laptop, with_ses):
    assert laptop.of_type("AWS::SNS::Subscription") == []
    assert with_ses.of_type("AWS::SNS::Topic") == []
    assert with_ses.environment("RequestApproval/Function")["TOPIC_ARN"] == ""


def test_the_outputs_tell_every_address(production, with_ses):
    functions = {
        "Chat", "ContinueTurn", "Conversations", "Approvals", "DecideApproval", "Catalogue",
        "Preflight", "RequestApproval",
        "LaunchInstance", "RunAction", "RecordOutcome", "EndLease", "Freeze", "Sweep", "Pages", "Session",
    }  # fmt: skip
    others = {
        "ApiUrl", "Origin", "UserPoolId", "UserPoolClientId", "LoginUrl", "ModelSecretArn",
        "ConversationsTable", "ApprovalsTable", "TaskTokensTable", "BudgetsTable",
        "AuditTable", "DecisionKeys",
        "StateMachineArn",
        "LaunchRoleArn", "DeadLetterQueueUrl", "FreezeParameter", "DashboardName", "DeployedFrom",
    }  # fmt: skip
    expected = others | {f"{name}Function" for name in functions}
    assert set(production.outputs) == expected | {"MailTopicArn", "AlarmTopicArn"}
    assert set(with_ses.outputs) == expected | {"MapsKeySecretArn"}


def test_calls_run_in_the_target_that_the_operator_names(with_ses):
    launch = with_ses.environment("LaunchInstance/Function")
    [target] = json.loads(launch["TARGETS"])
    assert (target["name"], target["region"]) == ("elsewhere", "eu-north-1")


def test_what_the_operator_fixed_reaches_every_plan_and_is_part_of_no_other_stack(
    with_ses, production
):
    for room in ("Chat/Function", "Chat/ContinueTurn"):
        [target] = json.loads(with_ses.environment(room)["TARGETS"])
        assert target["fixed"] == {
            "SubnetIds": ["subnet-0123456789abcdef0"],
            "SecurityGroupIds": ["sg-0123456789abcdef0"],
            "InstanceProfile": WEB_PROFILE,
            "Encrypted": True,
            "PublicAddress": False,
            "Tags": {"CostCenter": "4711"},
        }
        [plain] = json.loads(production.environment(room)["TARGETS"])
        assert "fixed" not in plain


def test_rooms_that_launch_or_tell_know_the_mode(with_ses):
    for room in ("Chat/Function", "Chat/ContinueTurn", "LaunchInstance/Function", "Pages/Function"):
        assert with_ses.environment(room)["LAUNCH"] == "live"
