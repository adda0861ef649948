"""Whether the deployed model answers and calls tools, as the deployed chat itself finds out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.operator import CannotOperate, Deployment

FUNCTION = "ContinueTurnFunction"
COMMAND = {"v": 1, "command": "check_model"}
WAITED_SECONDS = 185
"""As long as the function may take, and a little."""
ADVICE: Mapping[str, str] = {
    "model_unauthorized": "Put a valid key in: countersign model set",
    "model_key_missing": "Put the key in: countersign model set",
    "model_overloaded": "Wait a moment, or look at the quota with the model's provider; then: countersign model check",
    "model_refused": "Look at model.name on the page: the service has to know it, and its functions; then deploy.",
    "model_unreachable": "Look at model.base_url on the page: the chat reaches it from AWS; then deploy.",
    "model_timeout": "Try again: countersign model check; if it stays slow, name a faster model on the page.",
    "model_failed": "Look at the provider's status page, and try again: countersign model check",
    "model_bad_answer": "Look at model.base_url on the page: it has to speak Chat Completions; then deploy.",
}
BEDROCK_ADVICE: Mapping[str, str] = {
    "model_unauthorized": "Ask for access to the model in Bedrock's console, in the region of model.region; "
    "then: countersign model check",
    "model_key_missing": "The chat's role has no credentials to sign with: deploy again (make deploy).",
    "model_unreachable": "Look at model.region on the page: Bedrock is not in every region; then deploy.",
}
NO_TOOLS = "It calls no functions, and without them nothing can be asked for: name another model on the page."


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """What one model did when it was asked to call a function."""

    model: str
    answers: bool
    calls_tools: bool
    milliseconds: int
    code: str
    """Why it gave no answer, as the product's errors are called; empty where it gave one."""
    detail: str
    """The same as a sentence of ours."""
    fix: str
    """What to do, with the command; empty where all is well."""

    @property
    def is_well(self) -> bool:
        return self.answers and self.calls_tools


def check_model(deployment: Deployment) -> tuple[CheckedModel, ...]:
    """Every model of the deployment, the page's first: one request each, sent by the deployed chat with its own
    key, address and rights. Raises `CannotOperate` where the chat cannot be asked.
    """
    said = _asked(deployment)
    is_bedrock = deployment.page.model.provider == "bedrock"
    try:
        return tuple(_checked(one, is_bedrock=is_bedrock) for one in said["models"])
    except (KeyError, TypeError, ValueError) as error:
        raise CannotOperate("The chat's answer cannot be read: deploy this release first.") from (
            error
        )


def _asked(deployment: Deployment) -> Any:
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.shared.aws import error_code

    once = Config(read_timeout=WAITED_SECONDS, retries={"total_max_attempts": 1})
    name = deployment.output(FUNCTION)
    try:
        answer = deployment.session.client("lambda", config=once).invoke(
            FunctionName=name, Payload=json.dumps(COMMAND).encode()
        )
        said = json.loads(answer["Payload"].read())
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"The function {name} cannot be asked ({error_code(error)}): your credentials need "
            "lambda:InvokeFunction on it."
        ) from error
    except ValueError as error:
        raise CannotOperate(f"The answer of the function {name} cannot be read.") from error
    if "FunctionError" in answer:
        raise CannotOperate(
            f"The function {name} failed; if it is of an earlier release, deploy this one (make deploy), "
            "else look: countersign logs --errors --since 5m"
        )
    return said


def _checked(said: Mapping[str, Any], *, is_bedrock: bool) -> CheckedModel:
    code, answers, calls_tools = str(said["code"]), bool(said["answers"]), bool(said["calls_tools"])
    advice = {**ADVICE, **BEDROCK_ADVICE} if is_bedrock else ADVICE
    fix = "" if calls_tools else NO_TOOLS if answers else advice.get(code, "")
    return CheckedModel(
        model=str(said["model"]),
        answers=answers,
        calls_tools=calls_tools,
        milliseconds=int(said["milliseconds"]),
        code=code,
        detail=str(said["detail"]),
        fix=fix,
    )
