"""Corrections of what CloudFormation makes of a template."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.patching import resolve, wrap

PROVISIONERS = "ministack.services.cloudformation.provisioners"
HANDLERS = f"{PROVISIONERS}:_RESOURCE_HANDLERS"
CONDITION_USERS = ("changesets", "handlers", "stacks")

ACCEPTED_WITHOUT_EFFECT = (
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::Cognito::ManagedLoginBranding",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::WAFv2::WebACLAssociation",
)


def tables_keep_their_time_to_live() -> None:
    """Stock: `TimeToLiveSpecification` is dropped and items never expire."""
    from ministack.services import dynamodb

    table = resolve(HANDLERS)["AWS::DynamoDB::Table"]
    create = table["create"]

    def create_with_time_to_live(logical_id: str, properties: dict[str, Any], stack: str) -> Any:  # noqa: ANN401
        created = create(logical_id, properties, stack)
        wanted = properties.get("TimeToLiveSpecification") or {}
        if str(wanted.get("Enabled")).lower() == "true":
            specification = {"Enabled": True, "AttributeName": wanted["AttributeName"]}
            dynamodb._update_ttl(
                {"TableName": created[0], "TimeToLiveSpecification": specification}
            )
        return created

    table["create"] = create_with_time_to_live


def http_apis_keep_their_cors_rules() -> None:
    """Stock: `CorsConfiguration` is stored in CloudFormation's spelling and every preflight is
    403."""
    api = resolve(HANDLERS)["AWS::ApiGatewayV2::Api"]

    def as_the_api_spells(properties: object) -> object:
        rules = properties.get("CorsConfiguration") if isinstance(properties, Mapping) else None
        if not isinstance(properties, Mapping) or not isinstance(rules, Mapping):
            return properties
        spelled = {name[0].lower() + name[1:]: value for name, value in rules.items()}
        return {**properties, "CorsConfiguration": spelled}

    def respelled(operation: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments, **named: operation(
            *[as_the_api_spells(argument) for argument in arguments], **named
        )

    for name in ("create", "update"):
        api[name] = respelled(api[name])


def user_pools_have_a_provider_url() -> None:
    """Stock: `Fn::GetAtt` of `ProviderURL` is missing and the stack rolls back."""

    def with_url(attributes: Callable[[str], dict[str, str]]) -> Callable[[str], dict[str, str]]:
        def known(pool_id: str) -> dict[str, str]:
            stock = attributes(pool_id)
            return {**stock, "ProviderURL": f"https://{stock['ProviderName']}"}

        return known

    wrap(f"{PROVISIONERS}:_cognito_user_pool_attributes", with_url)


def conditions_compare_joined_texts() -> None:
    """Stock: `Fn::Join` in a condition equals nothing, so that the CDK's bootstrap believes that it was
    given policies and leaves the execution role without any. Here: it is the joined text."""

    def joining(evaluate: Callable[..., Any]) -> Callable[..., Any]:
        def with_texts(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401
            conditions = _joined(template.get("Conditions", {}), parameters)
            return evaluate({**template, "Conditions": conditions}, parameters)

        return with_texts

    for user in CONDITION_USERS:
        wrap(f"ministack.services.cloudformation.{user}:_evaluate_conditions", joining)


def _joined(value: Any, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [_joined(one, parameters) for one in value]
    if not isinstance(value, Mapping):
        return value
    if "Fn::Join" not in value:
        return {name: _joined(one, parameters) for name, one in value.items()}
    separator, parts = value["Fn::Join"]
    if isinstance(parts, Mapping):
        given = parameters[parts["Ref"]]["Value"]
        parts = given if isinstance(given, list) else str(given).split(",")
    return separator.join(
        str(parameters[part["Ref"]]["Value"]) if isinstance(part, Mapping) else part
        for part in parts
    )


def types_without_local_effect_are_accepted() -> None:
    """Stock: one unknown type refuses the whole deploy. Here: `ACCEPTED_WITHOUT_EFFECT` deploy
    and do nothing."""

    def create(
        logical_id: str,
        _properties: object,
        stack: str,
    ) -> tuple[str, dict[str, str]]:
        name = f"{stack}-{logical_id}"
        return name, {"Arn": f"arn:aws:local:::{name}", "ManagedLoginBrandingId": name, "Id": name}

    def update(physical_id: str, *_: object) -> tuple[str, dict[str, str]]:
        return physical_id, {}

    def delete(_physical_id: str, _properties: object) -> None:
        return None

    handlers = resolve(HANDLERS)
    for name in ACCEPTED_WITHOUT_EFFECT:
        handlers.setdefault(name, {"create": create, "update": update, "delete": delete})


def alarms_on_metric_math_are_accepted() -> None:
    """Stock: an alarm on an expression of metrics refuses the whole deploy. Here: it deploys and
    does nothing, as all alarms of the emulator do."""
    alarm = resolve(HANDLERS)["AWS::CloudWatch::Alarm"]

    def without_expressions(operation: Callable[..., Any]) -> Callable[..., Any]:
        def deploy(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            if not any(isinstance(one, dict) and one.get("Metrics") for one in arguments):
                return operation(*arguments, **named)
            name = arguments[0]
            return name, {"Arn": f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}"}

        return deploy

    for name in ("create", "update"):
        alarm[name] = without_expressions(alarm[name])


def state_machine_versions_and_aliases_deploy() -> None:
    """Stock: the types are unknown, although the API has them. Here: CloudFormation makes them
    through that API, so that both start the machine they stand for."""
    from ministack.services import stepfunctions

    def version(_logical_id: str, properties: dict[str, Any], _stack: str) -> Any:  # noqa: ANN401
        made = _body(
            stepfunctions._publish_state_machine_version(
                {
                    "stateMachineArn": properties["StateMachineArn"],
                    "description": properties.get("Description", ""),
                }
            )
        )
        return made["stateMachineVersionArn"], {"Arn": made["stateMachineVersionArn"]}

    def alias(_logical_id: str, properties: dict[str, Any], _stack: str) -> Any:  # noqa: ANN401
        made = _body(
            stepfunctions._create_state_machine_alias(
                {"name": properties["Name"], "routingConfiguration": _routing(properties)}
            )
        )
        return made["stateMachineAliasArn"], {"Arn": made["stateMachineAliasArn"]}

    def update_alias(
        physical_id: str, _old: object, properties: dict[str, Any], *_: object
    ) -> tuple[str, dict[str, str]]:
        stepfunctions._update_state_machine_alias(
            {"stateMachineAliasArn": physical_id, "routingConfiguration": _routing(properties)}
        )
        return physical_id, {"Arn": physical_id}

    def replace_version(
        physical_id: str, old: dict[str, Any], properties: dict[str, Any], *_: object
    ) -> Any:  # noqa: ANN401
        return (
            (physical_id, {"Arn": physical_id})
            if old == properties
            else version("", properties, "")
        )

    handlers = resolve(HANDLERS)
    handlers["AWS::StepFunctions::StateMachineVersion"] = {
        "create": version,
        "update": replace_version,
        "delete": lambda arn, _: stepfunctions._state_machine_versions.pop(arn, None),
    }
    handlers["AWS::StepFunctions::StateMachineAlias"] = {
        "create": alias,
        "update": update_alias,
        "delete": lambda arn, _: stepfunctions._state_machine_aliases.pop(arn, None),
    }


def _routing(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    preferred = properties.get("DeploymentPreference")
    routes = properties.get("RoutingConfiguration") or [
        {"StateMachineVersionArn": preferred["StateMachineVersionArn"], "Weight": 100}
        if preferred
        else {}
    ]
    return [
        {
            "stateMachineVersionArn": route.get("StateMachineVersionArn"),
            "weight": int(route.get("Weight", 100)),
        }
        for route in routes
    ]


def _body(answer: tuple[int, object, bytes]) -> dict[str, str]:
    status, _, body = answer
    if status != 200:
        raise ValueError(body.decode())
    made: dict[str, str] = json.loads(body)
    return made
