"""Running actions: the only Lambda that reaches hosts outside AWS, with the secrets that are for them."""

import json

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from functions.shared.target_settings import RunActionSettings
from infra.agents import FILE as AGENTS_FILE
from infra.deployment import Deployment
from infra.reasons import accept
from infra.room import Room
from infra.seal_key import SealKey
from infra.tables import Tables
from infra.targets import targets_text


class RunAction(Construct):
    """Reads approvals, verifies seals, reads the secrets of the operator's page; writes nothing in AWS."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        seal_key: SealKey,
    ) -> None:
        super().__init__(scope, id)
        page = deployment.page
        self.secret_arns: dict[str, str] = {}
        """The secrets that the stack makes, by the names of its outputs."""
        arns = {
            name: place.arn or self._empty(name, deployment) for name, place in page.secrets.items()
        }
        places = {
            name: {"host": place.host, "arn": arns[name]} for name, place in page.secrets.items()
        }
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="run_action",
            settings=RunActionSettings(
                stage=page.stage,
                agents_file=AGENTS_FILE,
                approvals_table=tables.approvals.table_name,
                decision_keys=",".join(seal_key.trusted),
                targets=targets_text(deployment),
                secrets=json.dumps(places),
                pins=json.dumps(
                    {host: _address(pinned) for host, pinned in page.egress.pins.items()}
                ),
            ),
            seconds=120,
        )
        tables.approvals.allow(self.function, "GetItem")
        seal_key.allow_checking(self.function)
        if arns:
            self.function.may(["secretsmanager:GetSecretValue"], list(arns.values()))
        if self.secret_arns:
            deployment.key.grant(self.function, "kms:Decrypt")

    def _empty(self, name: str, deployment: Deployment) -> str:
        """A secret without a value; until it has one, calls that need it say so."""
        word = "".join(part.title() for part in name.split("_"))
        secret = secretsmanager.CfnSecret(
            self,
            f"{word}Secret",
            description=f"{name}: a key that manifests use, as a plain string.",
            kms_key_id=deployment.key.key_arn,
        )
        secret.apply_removal_policy(deployment.stage.removal_policy)
        accept(secret, "The key belongs to a service outside; AWS cannot rotate it.", "SMG4")
        self.secret_arns[f"{word}SecretArn"] = secret.attr_id
        return secret.attr_id


def _address(pinned: str) -> tuple[str, int]:
    """Address and port of a stand-in on this machine."""
    address, _, port = pinned.removeprefix("http://").partition(":")
    return address, int(port)
