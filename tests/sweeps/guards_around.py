"""Before anyone is asked, the audit, the front, budgets, leases, and that nothing is lost."""

from tests.sweeps.guard import (
    ATTACKS,
    CONCLUDE,
    DECIDE,
    HTTP,
    LAUNCH,
    LEASES,
    ORDERS,
    REQUEST,
    SETTLING,
    guard,
)

AROUND = (
    # before anyone is asked
    guard(
        "without a rehearsal nobody is asked",
        "request_approval/conclude.py",
        "    if preflight is None or rehearsal is None:",
        "    if preflight is None:",
        CONCLUDE,
    ),
    guard(
        "a complaint of preflight denies",
        "request_approval/conclude.py",
        "    if complaints:",
        "    if False:",
        CONCLUDE,
    ),
    guard(
        "a rehearsal that failed denies",
        "request_approval/conclude.py",
        '    if rehearsed["passed"] is True or found:',
        "    if True:",
        CONCLUDE,
    ),
    guard(
        "a draft that was edited is asked of nobody",
        "request_approval/open_approval.py",
        "    if digest_of(approval.plan) != approval.digest:",
        "    if False:",
        REQUEST,
        ATTACKS,
    ),
    guard(
        "the requester is not among those who are asked",
        "request_approval/open_approval.py",
        "[person for person in approvers if not person.is_same_as(requester)]",
        "list(approvers)",
        REQUEST,
    ),
    guard(
        "the rehearsal is a dry run",
        "launch_instance/rehearse.py",
        '{**request, "DryRun": True}',
        "request",
        LAUNCH,
        "tests/sweeps/test_guarded_orders.py",
    ),
    guard(
        "identifiers are plain ASCII",
        "shared/run_instances.py",
        'pattern=r"\\A[!-~](?:[ -~]{0,253}[!-~])?\\z"',
        'pattern=r"\\A.{1,255}\\z"',
        "tests/unit/test_run_instances.py",
    ),
    guard(
        "JSON with a key twice is not read",
        "shared/strict_json.py",
        "    if len(value) != len(pairs):",
        "    if False:",
        "tests/unit/test_plan_reading.py",
        ATTACKS,
    ),
    guard(
        "the model's schema is closed",
        "chat/tool_calls.py",
        '        result["properties"] = {name: closed(value) for name, value in '
        'schema["properties"].items()}\n'
        '        result.setdefault("additionalProperties", False)\n',
        '        result["properties"] = {name: closed(value) for name, value in '
        'schema["properties"].items()}\n',
        "tests/unit/test_tool_calls.py",
    ),
    # audit
    guard(
        "every transition writes its audit row",
        "shared/approval_table.py",
        '        return [{"Update": update}, self._audit.put_item(entry)]',
        '        return [{"Update": update}]',
        ORDERS,
        DECIDE,
    ),
    guard(
        "an audit row follows from the one before",
        "shared/approval_table.py",
        "            approval.audit_head,\n            approval_id=approval.id,\n"
        "            number=approval.version + 1,",
        '            "",\n            approval_id=approval.id,\n'
        "            number=approval.version + 1,",
        ORDERS,
        DECIDE,
    ),
    guard(
        "an audit row is not written over",
        "shared/audit.py",
        '                "ConditionExpression": "attribute_not_exists(pk)",\n',
        "",
        "tests/unit/test_audit_chain.py",
        DECIDE,
        ATTACKS,
        ORDERS,
    ),
    # the front
    guard(
        "only access tokens",
        "shared/http.py",
        '    if claims.get("token_use") != "access":',
        "    if False:",
        HTTP,
    ),
    guard(
        "another site's page decides nothing",
        "shared/http.py",
        "    if sent is not None and sent != origin:",
        "    if False:",
        HTTP,
        DECIDE,
    ),
    guard(
        "only JSON",
        "shared/http.py",
        '    if media_type != "application/json":',
        "    if False:",
        HTTP,
        DECIDE,
    ),
    guard(
        "unknown fields are refused",
        "shared/http.py",
        'model_config = ConfigDict(extra="forbid", strict=True, frozen=True)',
        'model_config = ConfigDict(extra="ignore", strict=True, frozen=True)',
        HTTP,
        "tests/integration/test_chat.py",
    ),
    guard(
        "an approval needs a fresh sign-in where the operator says so",
        "decide_approval/decide.py",
        "    if allowed and now.timestamp() - signed_in_at > allowed:",
        "    if False:",
        "tests/integration/test_fresh_sign_in.py",
    ),
    guard(
        "only operators freeze",
        "freeze/handler.py",
        "    if OPERATORS not in deps().people.groups(sub):",
        "    if False:",
        "tests/integration/test_freeze.py",
    ),
    # budgets and leases
    guard(
        "a budget is a condition of the write that uses it",
        "shared/budgets.py",
        'f"(attribute_not_exists(#{name}) OR #{name} < :max_{name})"',
        'f"(attribute_not_exists(#{name}) OR #{name} < :max_{name} OR attribute_exists(pk))"',
        "tests/integration/test_budgets.py",
        "tests/integration/test_budget_races.py",
    ),
    guard(
        "so many instances live and no more",
        "shared/budgets.py",
        "size(#calls) < :max OR contains",
        "size(#calls) < :max OR attribute_exists(pk) OR contains",
        "tests/integration/test_launch_budgets.py",
    ),
    guard(
        "only what carries the approval's tags is stopped",
        "end_lease/step.py",
        "    return (tags.get(TAG_APPROVAL), tags.get(TAG_STACK)) == expected",
        "    return True",
        LEASES,
    ),
    guard(
        "an end is written down before EC2 is asked",
        "end_lease/step.py",
        "        leased = deps.leases.claim(leased, taking)\n",
        "        pass\n",
        LEASES,
    ),
    # nothing is lost
    guard(
        "an error of the moment is repeated by the state machine",
        "shared/workflow.py",
        "            if not will_pass(error):\n                raise\n",
        "            raise\n",
        ORDERS,
        "tests/integration/test_settling.py",
        "tests/integration/test_attacks.py",
    ),
    guard(
        "a start that failed is left to the sweep",
        "shared/approval_table.py",
        '            "unfinished": "yes",\n            "due_at": int(now.timestamp()) + '
        "START_GRACE_SECONDS,\n",
        "",
        ORDERS,
        "tests/integration/test_sweep.py",
    ),
    guard(
        "a spent task token is no failure",
        "decide_approval/decide.py",
        "        if error_code(error) in TOKEN_IS_SPENT:",
        "        if True:\n            raise\n        if error_code(error) in TOKEN_IS_SPENT:",
        DECIDE,
        SETTLING,
    ),
)
