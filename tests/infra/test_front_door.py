"""The way in: the operator's own name, the networks people may come from, and tags on whatever takes them."""

import pytest

from infra.page import Page

DOMAIN = {
    "name": "countersign.example.com",
    "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d",
}
LEAST = {"stage": "dev", "launch": "live", "region": "eu-west-1", "model": {"name": "a-model"}}
ANSWERING = {
    "Approvals/Function",
    "Chat/Function",
    "Conversations/Function",
    "DecideApproval/Function",
    "Freeze/Function",
    "Pages/Function",
    "Session/Function",
}
WITHOUT_TAGS = {
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::CDK::Metadata",
    "AWS::Cognito::ManagedLoginBranding",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolGroup",
    "AWS::IAM::Policy",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}
"""What CloudFormation gives no tags."""


def test_under_a_name_of_their_own_the_api_answers_nowhere_else(in_subnets):
    assert in_subnets.one("AWS::ApiGatewayV2::Api").properties["DisableExecuteApiEndpoint"] is True
    name = in_subnets.one("AWS::ApiGatewayV2::DomainName").properties
    assert name["DomainName"] == "countersign.example.com"
    [configured] = name["DomainNameConfigurations"]
    assert configured["CertificateArn"] == DOMAIN["certificate_arn"]
    assert configured["SecurityPolicy"] == "TLS_1_2"
    mapping = in_subnets.one("AWS::ApiGatewayV2::ApiMapping").properties
    assert {key: in_subnets.spelled(value) for key, value in mapping.items()} == {
        "ApiId": "<Api/Http>",
        "DomainName": "<Api/Domain>",
        "Stage": "$default",
    }


def test_links_sign_in_and_outputs_speak_of_that_name(in_subnets):
    outputs = in_subnets.outputs
    assert outputs["Origin"] == outputs["ApiUrl"] == "https://countersign.example.com"
    assert outputs["DnsRecord"] == "countersign.example.com CNAME <Api/Domain>"
    assert in_subnets.environment("RequestApproval/Function")["ORIGIN"] == outputs["Origin"]
    client = in_subnets.one("AWS::Cognito::UserPoolClient", "SignIn/Pool/Client").properties
    assert client["CallbackURLs"] == ["https://countersign.example.com/session/callback"]


def test_without_a_name_the_api_s_own_address_is_left_and_no_record_is_asked_for(production):
    assert "DisableExecuteApiEndpoint" not in production.one("AWS::ApiGatewayV2::Api").properties
    assert production.of_type("AWS::ApiGatewayV2::DomainName") == []
    assert "DnsRecord" not in production.outputs


def test_every_room_that_answers_people_is_told_where_they_may_come_from_and_no_other(
    production, in_subnets
):
    for template, rooms, networks in (
        (production, ANSWERING, ""),
        (in_subnets, ANSWERING | {"Python/Notebooks"}, "203.0.113.0/24,2001:db8:10::/48"),
    ):
        told = {
            function.path: variables["ALLOWED_CIDRS"]
            for function in template.of_type("AWS::Lambda::Function")
            for variables in [function.properties["Environment"]["Variables"]]
            if "ALLOWED_CIDRS" in variables
        }
        assert {path.replace("Notebooks/Function", "Notebooks") for path in told} == rooms
        assert set(told.values()) == {networks}


def test_every_resource_that_takes_tags_has_the_operator_s_and_ours(in_subnets):
    wanted = {"Owner": "platform", "CostCenter": "4711", "countersign:stack": "InSubnets"}
    for resource in in_subnets.resources:
        if resource.type in WITHOUT_TAGS:
            continue
        written = next(
            (
                resource.properties[key]
                for key in ("Tags", "UserPoolTags")
                if key in resource.properties
            ),
            {},
        )
        tags = (
            {tag["Key"]: tag["Value"] for tag in written} if isinstance(written, list) else written
        )
        assert {key: tags.get(key) for key in wanted} == wanted, resource.path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"domain": DOMAIN, "origin": "https://x.example.com"}, "write domain or origin, one of"),
        ({"domain": DOMAIN, "region": "us-east-1"}, "a certificate of us-east-1"),
        ({"domain": DOMAIN, "account": "210987654321"}, "of another account than 210987654321"),
        ({"domain": {**DOMAIN, "name": "https://x.example.com"}}, "domain.name"),
        ({"allowed_cidrs": [f"10.0.{n}.0/24" for n in range(40)]}, "longer than 400 characters"),
        ({"allowed_cidrs": ["office"]}, "allowed_cidrs.0"),
        ({"tags": {"Owner": "a", "owner": "b"}}, "two tags differ only by capitals"),
        ({"tags": {f"tag-{n}": "" for n in range(31)}}, "more than 30 tags"),
        ({"tags": {"countersign:stack": "Other"}}, "begins with aws: or countersign:"),
    ],
)
def test_a_way_in_that_cannot_be_built_is_refused_before_the_deploy(changes, said):
    with pytest.raises(ValueError, match=said):
        Page.model_validate({**LEAST, **changes})
