"""The bucket of notebooks: cells, snapshots and files, by owner and conversation."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.deployment import Deployment
from infra.reasons import accept, accept_wildcard
from infra.room import Room

NOTEBOOKS = "*/notebook.json"
SNAPSHOTS = "*/snapshot"
FILES = "*/files/*"
"""The keys of objects, after whose they are; see functions/shared/notebook_store.py."""


class NotebookBucket(s3.Bucket):
    """Encrypted with the deployment's key, closed to the public, over TLS alone, emptied after the page's days."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(
            scope,
            id,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=deployment.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(deployment.page.sandbox.keep_days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=deployment.stage.removal_policy,
        )
        self._key = deployment.key
        accept(
            self,
            "An access log would be a second place with people's ids and file names; three rooms log what they do.",
            "S1",
        )

    def allow(
        self,
        function: Room,
        *,
        get: Sequence[str] = (),
        put: Sequence[str] = (),
        delete: Sequence[str] = (),
    ) -> None:
        """Let a function read, write and remove objects whose keys fit; what is absent is seen as absent.

        Without ListBucket, S3 answers 403 for an object that is not there.
        """
        for action, keys in (
            ("s3:GetObject", get),
            ("s3:PutObject", put),
            ("s3:DeleteObject", delete),
        ):
            if keys:
                objects = [self.arn_for_objects(key) for key in keys]
                function.may([action], objects)
                for one in objects:
                    accept_wildcard(
                        function.own_role, "Owners and conversations are not known yet.", one
                    )
        function.may(["s3:ListBucket"], [self.bucket_arn])
        if get or put:
            self._key.grant(function, "kms:Decrypt")
        if put:
            self._key.grant(function, "kms:GenerateDataKey")
