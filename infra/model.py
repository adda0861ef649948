"""What the chat needs to reach its model: a stored key, or rights to Bedrock for its own role."""

import re
from collections.abc import Iterable

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.deployment import Deployment
from infra.reasons import accept, accept_wildcard
from infra.room import Room

BEDROCK = "bedrock"
BEDROCK_URL = "https://bedrock-runtime.{region}.amazonaws.com/openai/v1"
ACROSS_REGIONS = re.compile(r"^(us-gov|us|eu|apac|jp|au|ca|global)\.")
"""How the ids of inference profiles begin that AWS keeps: the rest names the model."""


class Model(Construct):
    """With the provider `openai` a secret, whose value the operator puts in; with `bedrock` nothing is stored."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        page = deployment.page
        self._key = deployment.key
        self._names = tuple(dict.fromkeys([page.model.name, *page.model.aliases.values()]))
        is_bedrock = page.model.provider == BEDROCK
        self.region = (page.model.region or page.region) if is_bedrock else ""
        self.base_url = (
            BEDROCK_URL.format(region=self.region) if is_bedrock else page.model.base_url
        )
        self.secret_arn = "" if is_bedrock else self._secret(deployment).attr_id

    def allow(self, function: Room) -> None:
        """Allow a Lambda to read the key, or to ask Bedrock's models."""
        if self.secret_arn:
            function.may(["secretsmanager:GetSecretValue"], [self.secret_arn])
            self._key.grant(function, "kms:Decrypt")
        else:
            self._allow_bedrock(function)

    def _secret(self, deployment: Deployment) -> secretsmanager.CfnSecret:
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            description="The key of the Chat Completions endpoint, as a plain string.",
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(),
            kms_key_id=deployment.key.key_arn,
        )
        secret.apply_removal_policy(deployment.stage.removal_policy)
        accept(secret, "The key belongs to the model's provider; AWS cannot rotate it.", "SMG4")
        return secret

    def _allow_bedrock(self, function: Room) -> None:
        """Only tokens that the role signs for itself, and only the models of the page."""
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["bedrock:CallWithBearerToken"],
                resources=["*"],
                conditions={"StringEquals": {"bedrock:bearerTokenType": "SHORT_TERM"}},
            )
        )
        stack = Stack.of(self)
        any_model = f"arn:{stack.partition}:bedrock:*::foundation-model/*"
        models = _arns(self._names, region=self.region, stack=stack)
        function.may(["bedrock:InvokeModel"], models)
        profiles = [arn for arn in models if ":application-inference-profile/" in arn]
        if profiles:
            function.add_to_role_policy(
                iam.PolicyStatement(
                    actions=["bedrock:InvokeModel"],
                    resources=[any_model],
                    conditions={"StringEquals": {"bedrock:InferenceProfileArn": profiles}},
                )
            )
            models.append(any_model)
        accept_wildcard(
            function.own_role,
            "A token is for no resource; the models that it may ask for are named beside it.",
            "*",
        )
        for arn in models:
            if "*" in arn:
                accept_wildcard(
                    function.own_role,
                    "An inference profile sends requests to its own model in several regions.",
                    arn,
                )


def _arns(names: Iterable[str], *, region: str, stack: Stack) -> list[str]:
    """Each model of the page; AWS's inference profiles with the model behind them, wherever that runs."""
    bedrock, arns = f"arn:{stack.partition}:bedrock", list[str]()
    for name in names:
        model = ACROSS_REGIONS.sub("", name)
        if name.startswith("arn:"):
            arns.append(name)
        elif model == name:
            arns.append(f"{bedrock}:{region}::foundation-model/{name}")
        else:
            arns.append(f"{bedrock}:{region}:{stack.account}:inference-profile/{name}")
            arns.append(f"{bedrock}:*::foundation-model/{model}")
    return arns
