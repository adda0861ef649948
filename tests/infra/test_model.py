"""How the chat reaches its model: with a stored key, or by its own role's rights to Bedrock."""

from tests.infra.conftest import PAGES

CHAT = ("Chat/FunctionRole", "Chat/ContinueTurnRole")
BEDROCK = "arn:aws:bedrock"


def rights(template, service):
    return {
        (right.holder, right.action, right.resource, str(right.conditions or ""))
        for right in template.rights()
        if right.action.startswith(f"{service}:")
    }


def test_a_service_with_a_key_has_a_secret_that_only_the_chat_reads(production):
    assert rights(production, "bedrock") == set()
    chat = production.environment("Chat/Function")
    assert chat["MODEL_SECRET_ARN"] == "<Model/Secret>" == production.outputs["ModelSecretArn"]
    assert (chat["MODEL_REGION"], chat["OPENAI_BASE_URL"]) == ("", "https://api.openai.com/v1")


def test_bedrock_has_no_secret_at_all(in_subnets):
    assert in_subnets.of_type("AWS::SecretsManager::Secret") == []
    assert rights(in_subnets, "secretsmanager") == set()
    assert "ModelSecretArn" not in in_subnets.outputs
    for function in ("Chat/Function", "Chat/ContinueTurn"):
        environment = in_subnets.environment(function)
        assert environment["MODEL_SECRET_ARN"] == ""
        assert environment["MODEL_REGION"] == PAGES["InSubnets"]["model"]["region"]
        assert environment["OPENAI_BASE_URL"] == (
            "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1"
        )


def test_bedrock_is_asked_for_the_models_of_the_page_alone_and_with_short_tokens(in_subnets):
    profile = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123"
    token = "{'StringEquals': {'bedrock:bearerTokenType': 'SHORT_TERM'}}"
    any_model = f"{{'StringEquals': {{'bedrock:InferenceProfileArn': ['{profile}']}}}}"
    region = f"{BEDROCK}:eu-central-1"
    assert rights(in_subnets, "bedrock") == {
        (holder, action, resource, conditions)
        for holder in CHAT
        for action, resource, conditions in [
            ("bedrock:CallWithBearerToken", "*", token),
            ("bedrock:InvokeModel", f"{region}::foundation-model/openai.gpt-oss-120b-1:0", ""),
            (
                "bedrock:InvokeModel",
                f"{region}:123456789012:inference-profile/eu.vendor.fast-v1",
                "",
            ),
            ("bedrock:InvokeModel", f"{BEDROCK}:*::foundation-model/vendor.fast-v1", ""),
            ("bedrock:InvokeModel", profile, ""),
            ("bedrock:InvokeModel", f"{BEDROCK}:*::foundation-model/*", any_model),
        ]
    }
