"""Practices, and who comes and goes."""

from tests.sweeps.guard import Guard, guard

PRACTICE = "tests/integration/test_practice.py"
USERS = "tests/integration/test_users.py"


def command(name: str, file: str, old: str, new: str) -> Guard:
    return Guard(name, f"cli/users/{file}", old, new, (USERS,))


PEOPLE = (
    guard(
        "a practice is decided by the one approver it is for",
        "shared/entitlement.py",
        '    if approval.practised_by not in ("", person.sub):\n        raise NotFound\n',
        "",
        PRACTICE,
    ),
    guard(
        "other approvers do not see a practice",
        "shared/approval.py",
        ' or self.practised_by not in ("", sub)',
        "",
        PRACTICE,
    ),
    guard(
        "a practice is mailed to one approver alone",
        "request_approval/open_approval.py",
        "person for person in approvers if person.sub == approval.practised_by",
        "person for person in approvers",
        PRACTICE,
    ),
    guard(
        "who is no approver practises nothing",
        "request_approval/open_approval.py",
        "        if not alone:\n",
        "        if False:\n",
        PRACTICE,
    ),
    guard(
        "only a practice runs nothing, and a practice runs nothing else",
        "shared/approved_call.py",
        'bool(plan.get("practice")) != (call["operation"] == practice.OPERATION)',
        "False",
        PRACTICE,
    ),
    guard(
        "preflight asks AWS nothing about a practice",
        "preflight/preflight.py",
        "    if approval.practised_by:\n",
        "    if False:\n",
        PRACTICE,
    ),
    guard(
        "no budget and no conversation hears of a practice",
        "record_outcome/record.py",
        "[] if approval.practised_by else _for_the_requester",
        "[] if False else _for_the_requester",
        PRACTICE,
    ),
    guard(
        "no manifest names the practice",
        "shared/operations.py",
        "frozenset({practice.OPERATION})",
        "frozenset()",
        PRACTICE,
    ),
    guard(
        "a practice can be decided while launches are frozen",
        "launch_instance/runners.py",
        '        client=_nobody,\n        nothing="Nothing was started.",\n        runs_while_frozen=True,\n',
        '        client=_nobody,\n        nothing="Nothing was started.",\n',
        PRACTICE,
    ),
    guard(
        "a practice is the same in shadow mode",
        "launch_instance/runners.py",
        "        runs_in_shadow=True,\n",
        "",
        PRACTICE,
    ),
    command(
        "only whom the page names becomes an approver",
        "add.py",
        "if APPROVERS in groups and named and email.casefold() not in named",
        "if False",
    ),
    command(
        "a subscription carries only its own person's mails",
        "add.py",
        '        Attributes={"FilterPolicy": json.dumps({"recipient": [one.email]})},\n',
        "",
    ),
    command(
        "who is mailed nothing is not subscribed",
        "add.py",
        "    if MAILED.intersection(now.groups):\n",
        "    if True:\n",
    ),
    command(
        "who is here already is not asked to practise again",
        "add.py",
        "is_new_approver=APPROVERS in missing",
        "is_new_approver=APPROVERS in groups",
    ),
    command(
        "who has signed in is not invited again",
        "add.py",
        "if before.sign_in is SignIn.SIGNED_IN or not before.is_enabled:",
        "if not before.is_enabled:",
    ),
    command(
        "an address is found however it is spelled",
        "everybody.py",
        "    wanted = email.casefold()\n",
        "    wanted = email\n",
    ),
    command(
        "nobody but approvers is asked to practise",
        "practice.py",
        "if not one.is_enabled or not one.is_in(APPROVERS):",
        "if False:",
    ),
    command(
        "who is removed is in no group any more",
        "leave.py",
        "    for group in taken:\n",
        "    for group in ():\n",
    ),
    command(
        "who is removed cannot sign in",
        "leave.py",
        "        users.admin_disable_user(UserPoolId=pool, Username=one.username)\n",
        "",
    ),
    command(
        "who is removed is signed out",
        "leave.py",
        "    users.admin_user_global_sign_out(UserPoolId=pool, Username=one.username)\n",
        "",
    ),
    command(
        "who is removed gets no mails any more",
        "leave.py",
        "        done += _unsubscribed(deployment, one)\n",
        "",
    ),
    command(
        "requests that somebody else can decide are not called open",
        "open_work.py",
        "one.sub in asked and not asked.intersection(others)",
        "one.sub in asked",
    ),
)
