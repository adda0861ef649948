"""What the operator fixed, and the mode in which launches run."""

from tests.sweeps.guard import CONCLUDE, guard

PARAMETERS = "tests/unit/test_fixed_parameters.py"
FIXED_LAUNCHES = "tests/integration/test_fixed_launches.py"
SHADOW = "tests/integration/test_shadow_mode.py"

FIXED = (
    guard(
        "of several subnets each call gets its own",
        "shared/fixed_parameters.py",
        "return subnets[number % len(subnets)]",
        "return subnets[0]",
        PARAMETERS,
    ),
    guard(
        "no tag of the operator's is one of ours",
        "shared/fixed_parameters.py",
        "if any(key.lower().startswith(TAKEN_TAGS) for key in tags or {}):",
        "if False:",
        PARAMETERS,
    ),
    guard(
        "an image without a root disk has none to encrypt",
        "shared/fixed_parameters.py",
        "    if root not in devices:\n        return []\n",
        "",
        PARAMETERS,
    ),
    guard(
        "a launch names the disks that are to be encrypted",
        "shared/run_instances.py",
        "    if awaits_disks(allowed):",
        "    if False:",
        PARAMETERS,
    ),
    guard(
        "what nobody could read of the disks asks nobody",
        "request_approval/conclude.py",
        "if any(fixed_parameters.awaits_disks(",
        "if False and any(fixed_parameters.awaits_disks(",
        CONCLUDE,
    ),
    guard(
        "the model reads nothing fixed in a refusal",
        "request_approval/conclude.py",
        'return [fixed_parameters.hidden(why, call.get("parameters") or {}) for why in said]',
        "return said",
        CONCLUDE,
    ),
    guard(
        "the model reads nothing fixed in AWS's words",
        "launch_instance/ec2_errors.py",
        'replace(LAUNCH, without=partial(hidden, parameters=call.get("parameters") or {}))',
        "LAUNCH",
        FIXED_LAUNCHES,
    ),
    guard(
        "what is fixed and was not shown is not launched",
        "shared/approved_call.py",
        "(planned == parameters and _shows_what_is_fixed(call))",
        "planned == parameters",
        FIXED_LAUNCHES,
    ),
    guard(
        "in shadow mode nothing is launched",
        "launch_instance/shadow.py",
        "    if launch == LIVE or runner.runs_in_shadow:\n        return runner",
        "    return runner",
        SHADOW,
    ),
    guard(
        "a request of shadow mode is never launched live",
        "launch_instance/shadow.py",
        "return None if launch_of(approved.plan) == LIVE else ASKED_IN_SHADOW",
        "return None",
        SHADOW,
    ),
    guard(
        "in shadow mode nothing is done that AWS cannot rehearse",
        "launch_instance/shadow.py",
        "return None if approved.operation in _ASKED else NOT_DONE",
        "return None",
        SHADOW,
    ),
    guard(
        "a launch that went out is not sent again in shadow mode",
        "launch_instance/launch.py",
        "may_send = why_not is None and (not is_sent or as_it_runs is runner)",
        "may_send = why_not is None",
        SHADOW,
    ),
    guard(
        "a rehearsal takes nothing",
        "launch_instance/launch.py",
        "            sent=runner.takes,\n",
        "",
        SHADOW,
    ),
)
