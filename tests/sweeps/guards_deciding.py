"""Who decides, what, and when."""

from tests.sweeps.guard import ATTACKS, DECIDE, ENTITLED, GROUPS, ORDERS, RULES, guard

AUDITED_ONCE = (
    "functions/shared/audit.py",
    '                "ConditionExpression": "attribute_not_exists(pk)",\n',
    "",
)
"""A transition from a version that is gone would write an audit row that stands already."""

DECIDING = (
    # who decides
    guard(
        "nobody decides their own request",
        "shared/entitlement.py",
        "        if not self_confirm:\n            raise OwnRequest\n        return",
        "        return",
        RULES,
        ENTITLED,
    ),
    guard(
        "the same verified e-mail in another spelling is the same person",
        "shared/approval.py",
        "self.email.casefold() == other.email.casefold()",
        "self.email == other.email",
        RULES,
        ENTITLED,
    ),
    guard(
        "an e-mail that nobody verified is none",
        "shared/people.py",
        'email=values.get("email", "") if is_verified else "",',
        'email=values.get("email", ""),',
        "tests/unit/test_people.py",
    ),
    guard(
        "only approvers decide",
        "shared/entitlement.py",
        "    if APPROVERS not in groups:",
        "    if False:",
        RULES,
        DECIDE,
    ),
    guard(
        "an agent's calls are decided by the groups its manifest names",
        "shared/entitlement.py",
        "    if not approval.can_be_countersigned_by(person.sub, groups):",
        "    if False:",
        RULES,
        GROUPS,
    ),
    guard(
        "only approvers of the named groups are asked",
        "request_approval/open_approval.py",
        "        approvers = [person for person in approvers if person.sub in eligible]\n",
        "",
        GROUPS,
    ),
    guard(
        "who may not decide an agent's calls does not see them in the inbox",
        "approvals/handler.py",
        "return approval.can_be_countersigned_by(caller.sub, caller.groups)",
        'return "approvers" in caller.groups',
        GROUPS,
    ),
    guard(
        "a request carries the groups of its agent",
        "chat/ask_approval.py",
        "        approvers=agent.approve,\n",
        "",
        GROUPS,
    ),
    guard(
        "groups are read when deciding, not from the token",
        "decide_approval/decide.py",
        "person, groups = deps.people.person(sub), deps.people.groups(sub)",
        'person, groups = deps.people.person(sub), frozenset({"approvers"})',
        DECIDE,
        ENTITLED,
    ),
    guard(
        "a disabled account decides nothing",
        "shared/people.py",
        '        if not user.get("Enabled", False):\n            raise UnknownPerson(sub)\n',
        "",
        "tests/unit/test_people.py",
        ENTITLED,
    ),
    guard(
        "agents that somebody may not use are not listed",
        "pages/handler.py",
        "                if agent.may_be_used_by(groups)\n",
        "",
        GROUPS,
    ),
    guard(
        "an agent is used by the groups its manifest names",
        "chat/take_turn.py",
        "    if not agent.may_be_used_by(asked.groups):",
        "    if False:",
        GROUPS,
    ),
    # what is decided, and when
    guard(
        "the vote names the digest that is stored",
        "shared/approval.py",
        "    if not digest == approval.digest == digest_of(approval.plan):",
        "    if False:",
        RULES,
    ),
    guard(
        "the digest is a condition of the decision's write",
        "shared/approval_table.py",
        'condition="expires_at > :now AND digest = :digest"',
        'condition="expires_at > :now AND (digest = :digest OR attribute_exists(pk))"',
        DECIDE,
        ATTACKS,
        ORDERS,
    ),
    guard(
        "nobody decides what has expired",
        "shared/approval.py",
        "    if approval.has_expired(now):\n        raise Expired\n",
        "",
        RULES,
    ),
    guard(
        "the second of expiry is too late",
        "shared/approval.py",
        "now.timestamp() >= self.expires_at",
        "now.timestamp() > self.expires_at",
        RULES,
    ),
    guard(
        "a transition is from the state that was read",
        "shared/approval_table.py",
        '["#version = :was_version", "#status = :was_status"]',
        '["(#version = :was_version OR attribute_exists(pk))", "(#status = :was_status OR '
        'attribute_exists(pk))"]',
        ORDERS,
        "tests/integration/test_approval_machine.py",
        held_by=AUDITED_ONCE,
    ),
    guard(
        "a decision stands: anything else is refused",
        "shared/approval.py",
        "        raise AlreadyDecided(stored)\n",
        "        return stored\n",
        RULES,
    ),
    guard(
        "a rejected request approves none of its calls",
        "shared/approval.py",
        "    if verdict is Verdict.REJECT and Verdict.APPROVE in verdicts.values():",
        "    if False:",
        RULES,
    ),
    guard(
        "a message decides nothing",
        "chat/take_turn.py",
        "if consent is not None:",
        "if False:",
        "tests/integration/test_chat.py",
    ),
)
