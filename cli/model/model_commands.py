"""`countersign model set|check`: the model's key, and whether the model does what the product needs."""

import dataclasses
from typing import TYPE_CHECKING

import typer

from cli.operator import HomeDirectory, deployment_of, operated
from cli.terminal.entry import Json
from cli.terminal.failures import DONE, FAILED
from cli.terminal.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.model.check import CheckedModel

model = typer.Typer(no_args_is_help=True, help="The model that the chat talks to.")


@model.command("set")
def set_command(home: HomeDirectory = None, as_json: Json = False) -> None:
    """Put in the key of the model's service, and try it; typed without being shown, or piped in."""

    def run(screen: Screen) -> int:
        from cli.model.set_key import read_key, secret_of, set_key

        deployment = deployment_of(home)
        secret_of(deployment)
        key = read_key()
        with screen.waiting("storing the key, and asking the model once"):
            done = set_key(deployment, key, screen.say)
        screen.tell({"taken_back": done.is_taken_back, **_models(done.models)})
        status = _show(screen, done.models)
        if done.is_taken_back:
            screen.say("The key that was there before is in place again.", "warning")
        return status

    operated(run, as_json=as_json)


@model.command()
def check(home: HomeDirectory = None, as_json: Json = False) -> None:
    """Ask each model of the deployment once: does it answer, does it call a function."""

    def run(screen: Screen) -> int:
        from cli.model.check import check_model

        deployment = deployment_of(home)
        with screen.waiting("asking the model once"):
            models = check_model(deployment)
        screen.tell(_models(models))
        return _show(screen, models)

    operated(run, as_json=as_json)


def _models(models: "Sequence[CheckedModel]") -> dict[str, object]:
    return {"models": [{**dataclasses.asdict(one), "is_well": one.is_well} for one in models]}


def _show(screen: Screen, models: "Sequence[CheckedModel]") -> int:
    """A line for each model, and for what is to be done; the exit status."""
    for one in models:
        took = f"{one.milliseconds / 1000:.1f} s"
        if one.is_well:
            screen.say(f"{one.model} answers in {took} and calls functions.", "good")
        elif one.answers:
            screen.say(f"{one.model} answers in {took}, but calls no function.", "danger")
        else:
            screen.say(f"{one.model} gave no answer: {one.detail}", "danger")
        if one.fix:
            screen.say(f"  {one.fix}")
    return DONE if all(one.is_well for one in models) else FAILED
