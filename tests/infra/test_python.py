"""Python where an agent needs it, and nothing of it where none does: network, Lambdas, bucket, routes."""

import pytest

from functions.run_code import handler as run_code
from infra.api import SIGNED_IN
from infra.page import Page
from infra.stage import STAGES

ROOMS = {
    "Python/RunCode/Function": ("run_code", 60, 2048),
    "Python/AskSandbox/Function": ("ask_sandbox", 180, 1024),
    "Python/Notebooks/Function": ("notebooks", 29, 1024),
}
OUTPUTS = {"RunCodeFunction", "AskSandboxFunction", "NotebooksFunction", "NotebooksBucket"}
NOTHING_MATCHES = {
    "CidrIp": "255.255.255.255/32",
    "IpProtocol": "icmp",
    "FromPort": 252,
    "ToPort": 86,
    "Description": "Disallow all traffic",
}
"""A kind of ICMP that does not exist, to nobody's address."""


def kinds_of(template, service):
    prefix = f"AWS::{service}::"
    kinds = {one.type for one in template.resources if one.type.startswith(prefix)}
    return {kind.removeprefix(prefix) for kind in kinds}


def routes_of(template):
    return {
        route.properties["RouteKey"]: route.properties["AuthorizationType"]
        for route in template.of_type("AWS::ApiGatewayV2::Route")
    }


def test_agents_without_python_bring_no_sandbox_no_network_no_bucket_and_no_route(
    production, with_ses, laptop
):
    for template in (production, with_ses, laptop):
        assert not kinds_of(template, "EC2")
        assert not kinds_of(template, "S3")
        assert not [one.path for one in template.resources if one.path.startswith("Python")]
        assert OUTPUTS.isdisjoint(template.outputs)
        assert set(SIGNED_IN["notebooks"]).isdisjoint(routes_of(template))
        for room in ("Chat/Function", "Chat/ContinueTurn", "LaunchInstance/Function"):
            assert template.environment(room)["ASK_SANDBOX_FUNCTION"] == ""
        assert template.environment("Conversations/Function")["NOTEBOOKS_BUCKET"] == ""


def test_what_holds_notebooks_keeps_its_logical_id(analysis):
    assert analysis.one("AWS::S3::Bucket").id == "PythonBucketF2CD1F27"


def test_nothing_leads_out_of_the_sandbox_s_network(analysis):
    """No gateway, no route, no endpoint, no connection to another network: each would be one more kind."""
    assert kinds_of(analysis, "EC2") == {
        "VPC",
        "Subnet",
        "NetworkAcl",
        "SubnetNetworkAclAssociation",
        "SecurityGroup",
        "FlowLog",
    }
    assert not [
        one.type for one in analysis.resources if one.type.startswith("AWS::CloudFormation::Custom")
    ]
    for subnet in analysis.of_type("AWS::EC2::Subnet"):
        assert subnet.properties["MapPublicIpOnLaunch"] is False
        assert not [name for name in subnet.properties if "Ipv6" in name]


def test_names_lead_nowhere_because_queries_pass_every_filter(analysis):
    network = analysis.one("AWS::EC2::VPC").properties
    assert network["EnableDnsSupport"] is False
    assert network["EnableDnsHostnames"] is False


def test_the_subnets_are_in_two_zones_behind_a_list_without_entries(analysis):
    subnets = analysis.of_type("AWS::EC2::Subnet")
    zones = {str(subnet.properties["AvailabilityZone"]) for subnet in subnets}
    assert (len(subnets), len(zones)) == (2, 2)
    closed = analysis.one("AWS::EC2::NetworkAcl")
    bound = {
        analysis.spelled(one.properties["SubnetId"]): analysis.spelled(
            one.properties["NetworkAclId"]
        )
        for one in analysis.of_type("AWS::EC2::SubnetNetworkAclAssociation")
    }
    assert bound == {f"<{subnet.path}>": f"<{closed.path}>" for subnet in subnets}


def test_what_tries_to_pass_is_written_down(analysis):
    flow = analysis.one("AWS::EC2::FlowLog").properties
    assert (flow["TrafficType"], flow["ResourceType"]) == ("ALL", "VPC")
    role = "Python/RunCode/Network/Isolated/FlowLogRole"
    assert {(right.action, right.resource) for right in analysis.rights_of(role)} == {
        (action, "<Python/RunCode/Network/Isolated/FlowLog>")
        for action in ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    }


@pytest.mark.parametrize("stack", ["Analysis", "InSubnets"])
def test_the_sandbox_s_group_lets_nothing_out_and_nothing_in(assembly, stack):
    template = assembly.template(stack)
    group = template.one("AWS::EC2::SecurityGroup").properties
    assert group["SecurityGroupEgress"] == [NOTHING_MATCHES]
    assert "SecurityGroupIngress" not in group


def attached(template):
    function = template.one("AWS::Lambda::Function", "Python/RunCode").properties["VpcConfig"]
    return {
        name: [template.spelled(one) for one in function[name]]
        for name in ("SubnetIds", "SecurityGroupIds")
    }


def test_the_sandbox_alone_lies_in_the_network_and_begins_when_it_is_closed(analysis):
    network = "Python/RunCode/Network"
    assert attached(analysis) == {
        "SubnetIds": [f"<{network}/Isolated/Subnet1>", f"<{network}/Isolated/Subnet2>"],
        "SecurityGroupIds": [f"<{network}/NothingOut>"],
    }
    functions = analysis.of_type("AWS::Lambda::Function")
    inside = [function.path for function in functions if "VpcConfig" in function.properties]
    assert inside == ["Python/RunCode/Function"]
    awaited = analysis.one("AWS::Lambda::Function", "Python/RunCode").whole["DependsOn"]
    closing = analysis.of_type("AWS::EC2::SubnetNetworkAclAssociation")
    assert {one.id for one in closing} <= set(awaited)


def test_an_operator_s_own_subnets_take_the_network_s_place(in_subnets):
    assert kinds_of(in_subnets, "EC2") == {"SecurityGroup"}
    group = in_subnets.one("AWS::EC2::SecurityGroup")
    assert group.properties["VpcId"] == "vpc-0123456789abcdef0"
    assert attached(in_subnets) == {
        "SubnetIds": ["subnet-0123456789abcdef0", "subnet-1123456789abcdef0"],
        "SecurityGroupIds": [f"<{group.path}>"],
    }


def test_a_laptop_has_no_network_to_make_and_asks_its_kernel(laptop_analysis):
    assert not kinds_of(laptop_analysis, "EC2")
    function = laptop_analysis.one("AWS::Lambda::Function", "Python/RunCode").properties
    assert "VpcConfig" not in function
    assert laptop_analysis.environment("Python/RunCode")["CONFINEMENT"] == run_code.NAMESPACES


def test_every_deployed_sandbox_demands_its_network(analysis, in_subnets):
    for template in (analysis, in_subnets):
        assert template.environment("Python/RunCode")["CONFINEMENT"] == run_code.VPC
    assert {name for name, stage in STAGES.items() if not stage.isolates_by_network} == {"local"}


@pytest.mark.parametrize("path", ROOMS)
def test_a_room_runs_as_the_others_do(analysis, path):
    word, seconds, memory = ROOMS[path]
    function = analysis.one("AWS::Lambda::Function", path).properties
    assert function["FunctionName"] == f"Analysis-{word}"
    assert function["Handler"] == f"functions.{word}.handler.handler"
    assert (function["Timeout"], function["MemorySize"]) == (seconds, memory)
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])


def test_no_other_room_is_there_because_of_python(analysis, production):
    others = {function.path for function in production.of_type("AWS::Lambda::Function")}
    assert {one.path for one in analysis.of_type("AWS::Lambda::Function")} == others | set(ROOMS)


def test_one_environment_serves_one_conversation_and_is_not_traced(analysis, laptop_analysis):
    """Traces would be sent with the credentials that may send nothing."""
    for template in (analysis, laptop_analysis):
        apart = {
            function.path: function.properties["TenancyConfig"]
            for function in template.of_type("AWS::Lambda::Function")
            if "TenancyConfig" in function.properties
        }
        assert apart == {"Python/RunCode/Function": {"TenantIsolationMode": "PER_TENANT"}}
        sandbox = template.one("AWS::Lambda::Function", "Python/RunCode").properties
        assert "TracingConfig" not in sandbox
    assert not analysis.of_type("AWS::Lambda::Url")
    assert not analysis.of_type("AWS::Lambda::EventSourceMapping")


def test_a_run_has_the_page_s_time_and_memory_and_its_lambda_some_more(in_subnets):
    environment = in_subnets.environment("Python/RunCode")
    assert (environment["SECONDS"], environment["MEMORY_MB"]) == ("45", "1024")
    function = in_subnets.one("AWS::Lambda::Function", "Python/RunCode").properties
    assert (function["Timeout"], function["MemorySize"]) == (75, 1536)
    assert function["EphemeralStorage"] == {"Size": 1024}
    assert in_subnets.environment("Python/AskSandbox")["SECONDS"] == "45"


@pytest.mark.parametrize(("seconds", "memory"), [(5, 512), (60, 8192)])
def test_what_the_page_may_ask_for_fits_into_lambda_and_into_who_waits(seconds, memory):
    page = {"stage": "dev", "launch": "live", "region": "eu-west-1", "model": {"name": "m"}}
    sandbox = Page.model_validate(
        {**page, "sandbox": {"seconds": seconds, "memory_mb": memory}}
    ).sandbox
    assert sandbox.seconds + 30 < 120
    assert sandbox.memory_mb + 512 <= 10240


def test_the_bucket_is_ours_closed_and_forgets(analysis, in_subnets):
    bucket = analysis.one("AWS::S3::Bucket")
    [rule] = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    key = rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    assert analysis.spelled(key) == "<Protection/Key>"
    assert bucket.properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert "BucketName" not in bucket.properties
    [forgetting] = bucket.properties["LifecycleConfiguration"]["Rules"]
    assert (forgetting["ExpirationInDays"], forgetting["Status"]) == (14, "Enabled")
    assert analysis.environment("Python/Notebooks")["KEEP_DAYS"] == "14"
    assert bucket.whole["DeletionPolicy"] == "Retain"
    assert in_subnets.one("AWS::S3::Bucket").whole["DeletionPolicy"] == "Delete"


def test_the_bucket_is_reached_over_tls_alone_and_no_policy_admits_anybody(analysis):
    [statement] = analysis.one("AWS::S3::BucketPolicy").properties["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_files_and_notebooks_have_routes_that_ask_for_a_token(analysis, production):
    added = {
        key: guard for key, guard in routes_of(analysis).items() if key not in routes_of(production)
    }
    assert added == dict.fromkeys(SIGNED_IN["notebooks"], "JWT")


def test_the_outputs_and_the_rooms_know_what_is_there(analysis, production):
    by_page = {"MailTopicArn", "AlarmTopicArn"}
    assert set(analysis.outputs) - by_page == (set(production.outputs) - by_page) | OUTPUTS
    for room in ("Chat/Function", "Chat/ContinueTurn", "LaunchInstance/Function"):
        assert analysis.environment(room)["ASK_SANDBOX_FUNCTION"] == "Analysis-ask_sandbox"
    for room in ("Chat/Function", "Chat/ContinueTurn"):
        told = analysis.environment(room)
        assert (told["SANDBOX_CONFINEMENT"], told["SANDBOX_SECONDS"]) == ("vpc", "30")
        none = production.environment(room)
        assert (none["SANDBOX_CONFINEMENT"], none["SANDBOX_SECONDS"]) == ("", "0")
    for room in ("Conversations/Function", "Python/Notebooks", "Python/AskSandbox"):
        assert analysis.environment(room)["NOTEBOOKS_BUCKET"] == "<Python/Bucket>"
    assert analysis.environment("Python/AskSandbox")["RUN_CODE_FUNCTION"] == "Analysis-run_code"
