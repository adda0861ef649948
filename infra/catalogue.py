"""The catalogue: what people can choose from, read for the chat; it may describe, and nothing else."""

from constructs import Construct

from functions.shared.target_settings import CatalogueSettings
from infra.deployment import Deployment
from infra.public_parameters import allow_public_parameters
from infra.reasons import accept_wildcard
from infra.room import Room, role_of
from infra.targets import (
    LOOK,
    home_role_name,
    images_text,
    places_here,
    regions_of,
    target_roles,
    targets_text,
)

CATALOGUE = "catalogue"
READS = (
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeKeyPairs",
    "pricing:GetProducts",
)


class Catalogue(Construct):
    """Reads the account and AWS's public parameters; no table, no key, no secret."""

    def __init__(
        self, scope: Construct, id: str, *, deployment: Deployment, instance_types: list[str]
    ) -> None:
        super().__init__(scope, id)
        page = deployment.page
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room=CATALOGUE,
            settings=CatalogueSettings(
                stage=page.stage,
                targets=targets_text(deployment, "look_role", "external_id"),
                images=images_text(page),
                instance_types=",".join(instance_types),
            ),
            seconds=20,
            role=role_of(
                self,
                "FunctionRole",
                name=deployment.function_name(CATALOGUE),
                role_name=home_role_name(page, CATALOGUE),
            ),
        )
        self.function.may(READS, ["*"], sid="Look")
        accept_wildcard(
            self.function.own_role, "EC2's Describe actions and prices take no resource.", "*"
        )
        if elsewhere := target_roles(page, LOOK):
            self.function.may(["sts:AssumeRole"], elsewhere, sid="LookElsewhere")
        allow_public_parameters(self.function.own_role, regions_of(places_here(page)))
