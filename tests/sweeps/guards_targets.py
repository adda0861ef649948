"""Where calls run: what names one target goes there, and nothing of one reaches another."""

from tests.sweeps.guard import LAUNCH, REFUSALS, SEALS, guard

ARGUMENT = "tests/unit/test_target_argument.py"
SESSION = "tests/unit/test_session_policy.py"
TARGETS = "tests/integration/test_targets.py"

TARGETED = (
    guard(
        "a plan for another account or region launches nothing",
        "shared/targets.py",
        'if (target.account, target.region) != (plan.get("account"), plan.get("region")):',
        "if False:",
        ARGUMENT,
        REFUSALS,
        SEALS,
    ),
    guard(
        "with one target nobody is asked where",
        "chat/target_argument.py",
        "    if targets.only is not None:\n        return agent\n",
        "",
        ARGUMENT,
    ),
    guard(
        "with several the model has to say where",
        "chat/target_argument.py",
        '"required": [*schema.get("required", ()), NAME],',
        '"required": [*schema.get("required", ())],',
        ARGUMENT,
    ),
    guard(
        "one request runs in one target",
        "chat/tool_calls.py",
        "elif meant is not None and target is not None and target != meant:",
        "elif False:",
        ARGUMENT,
    ),
    guard(
        "an instance is ended under its own target",
        "shared/leased_instance.py",
        "    if there != target:",
        "    if there is None:",
        TARGETS,
    ),
    guard(
        "a session is for one approval",
        "launch_instance/session_policy.py",
        'f"aws:RequestTag/{TAG_APPROVAL}": approval_id,',
        "",
        SESSION,
    ),
    guard(
        "a key pair's name is no pattern in a policy",
        "launch_instance/session_policy.py",
        'planned["KeyName"].translate(_WILD)',
        'planned["KeyName"]',
        SESSION,
    ),
    guard(
        "a session policy is never longer than AWS takes",
        "launch_instance/session_policy.py",
        "        if len(text) <= MOST_CHARACTERS:\n            break\n",
        "        break\n",
        SESSION,
    ),
    guard(
        "the launch role's session is cut to the call",
        "launch_instance/launch_role.py",
        "        Policy=session.policy,\n",
        "",
        LAUNCH,
    ),
    guard(
        "another account's role is asked for with its external id",
        "shared/target_clients.py",
        '            **({"ExternalId": target.external_id} if target.external_id else {}),\n',
        "",
        TARGETS,
    ),
    guard(
        "credentials of another account are renewed before they end",
        "shared/target_clients.py",
        "if now < until - SPARE:",
        "if now < until:",
        TARGETS,
    ),
    guard(
        "a lease in no target rings",
        "end_lease/step.py",
        "        count(LEASES_REFUSED)\n    return target",
        "    return target",
        TARGETS,
    ),
    guard(
        "an account that does not admit us is told before anyone is asked",
        "launch_instance/rehearse.py",
        'if target.external_id and error_code(error) == "AccessDenied":',
        "if False:",
        TARGETS,
    ),
)
