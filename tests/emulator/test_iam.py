import json
import uuid

import boto3
import pytest

pytestmark = pytest.mark.emulator


def test_a_policy_that_demands_tls_admits_what_arrives_on_loopback(emulator):
    bucket, name = f"bucket-{uuid.uuid4().hex[:8]}", f"user-{uuid.uuid4().hex[:8]}"
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
    iam = emulator.client("iam")
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": resources}
    iam.put_user_policy(
        UserName=name, PolicyName="only", PolicyDocument=json.dumps({"Statement": [allowed]})
    )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    own = boto3.client(
        "s3",
        endpoint_url=emulator.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    own.put_object(Bucket=bucket, Key="one", Body=b"1")
    assert own.get_object(Bucket=bucket, Key="one")["Body"].read() == b"1"
