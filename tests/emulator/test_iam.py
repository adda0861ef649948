import json
import uuid

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.emulator


def test_a_policy_that_demands_tls_admits_what_arrives_on_loopback(emulator):
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    emulator.client("s3").create_bucket(Bucket=bucket)
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    only_tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    emulator.client("s3").put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [only_tls]})
    )
    own = emulator.as_user("s3", {"Action": "s3:*", "Resource": resources})
    own.put_object(Bucket=bucket, Key="one", Body=b"1")
    assert own.get_object(Bucket=bucket, Key="one")["Body"].read() == b"1"


def mail(sender: str) -> dict:
    return {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": ["reader@example.com"]},
        "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    }


def test_a_grant_on_an_identity_lets_it_send_and_no_other(emulator):
    for address in ("one@example.com", "two@example.com"):
        emulator.client("sesv2").create_email_identity(EmailIdentity=address)
    identity = "arn:aws:ses:us-east-1:000000000000:identity/one@example.com"
    own = emulator.as_user("sesv2", {"Action": "ses:SendEmail", "Resource": identity})
    assert own.send_email(**mail("One <one@example.com>"))["MessageId"]
    with pytest.raises(ClientError) as refused:
        own.send_email(**mail("two@example.com"))
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_grant_on_public_parameters_reads_them_and_no_other(emulator):
    name = f"/own/{uuid.uuid4().hex[:8]}"
    emulator.client("ssm").put_parameter(Name=name, Value="x", Type="String")
    newest = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    public = "arn:aws:ssm:us-east-1::parameter/aws/service/*"
    own = emulator.as_user("ssm", {"Action": "ssm:GetParameters", "Resource": public})
    [found] = own.get_parameters(Names=[newest])["Parameters"]
    assert found["Value"].startswith("ami-")
    for names in ([name], [newest, name]):
        with pytest.raises(ClientError) as refused:
            own.get_parameters(Names=names)
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_grant_on_pools_of_a_tag_reaches_them_however_they_were_made(emulator):
    tags = {"of": uuid.uuid4().hex}
    pool = {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolTags": tags}}
    made = emulator.stack({"Pool": pool}, {"Id": {"Ref": "Pool"}})["Id"]
    people = emulator.client("cognito-idp")
    called = people.create_user_pool(PoolName="called", UserPoolTags=tags)["UserPool"]["Id"]
    other = people.create_user_pool(PoolName="other")["UserPool"]["Id"]
    tagged = {"StringEquals": {"aws:ResourceTag/of": tags["of"]}}
    own = emulator.as_user(
        "cognito-idp", {"Action": "cognito-idp:ListUsers", "Resource": "*", "Condition": tagged}
    )
    for reached in (made, called):
        assert own.list_users(UserPoolId=reached)["Users"] == []
    with pytest.raises(ClientError) as refused:
        own.list_users(UserPoolId=other)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
