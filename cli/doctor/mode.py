"""Checks of what the product is told to do: whether it launches at all, and whether the model takes part."""

from cli.doctor.examined import Examined
from cli.doctor.finding import Found, fail, ok, warn
from functions.shared.freeze import FreezeUnreadable, read_freeze
from infra.page import NAME


def launch(examined: Examined) -> Found:
    """Whether approved launches happen."""
    if examined.page().launch == "dry_run":
        return warn(
            "Shadow mode: what people approve is rehearsed with AWS, and nothing is launched.",
            f"when you are ready, write launch: live in {NAME}; {examined.deploy}",
        )
    return ok("What people approve is launched.")


def frozen(examined: Examined) -> Found:
    """Whether somebody has stopped every launch."""
    name = examined.deployment().output("FreezeParameter")
    try:
        freeze = read_freeze(examined.client("ssm"), name)
    except FreezeUnreadable as error:
        return fail(
            f"The freeze switch cannot be read ({error}), so nothing is launched.",
            f'countersign unfreeze "reason"; aws ssm get-parameter --name {name} shows what it holds',
        )
    if freeze.frozen:
        return warn(freeze.sentence(), 'countersign unfreeze "reason", when it may go on')
    return ok("Launches are not frozen.")


def model(examined: Examined) -> Found:
    """Every model answers, and calls a function when it is offered one."""
    from cli.model.check import check_model

    models = check_model(examined.deployment())
    bad = [one for one in models if not one.is_well]
    if bad:
        says = " ".join(f"{one.model}: {one.detail or 'calls no functions.'}" for one in bad)
        return fail(says, bad[0].fix or "countersign model check")
    well = ", ".join(f"{one.model} ({one.milliseconds} ms)" for one in models)
    return ok(f"Answers and calls functions: {well}.")
