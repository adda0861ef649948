"""What ends on request, what leaves AWS, what a runbook may be."""

from tests.sweeps.guard import guard

ENDS = "tests/integration/test_end_instances.py"
HANDED_OVER = "tests/integration/test_hand_over.py"
RUNBOOKS = "tests/integration/test_runbooks.py"
AUTOMATION = "tests/unit/test_automation.py"

KINDS = (
    # what ends on request
    guard(
        "only what the ledger names is ended on request",
        "shared/leased_instance.py",
        "    if leased is None or leased.instance_id != instance_id:",
        "    if leased is None:",
        ENDS,
    ),
    guard(
        "an end on request stands in the lease before EC2 is asked",
        "launch_instance/end_instance.py",
        "        leased = deps.leases.claim(leased, wanted)\n",
        "        pass\n",
        ENDS,
    ),
    guard(
        "a lease goes on where EC2 refused its end",
        "launch_instance/end_instance.py",
        "        deps.leases.claim(leased, leased.lease.not_taken())\n",
        "",
        ENDS,
    ),
    guard(
        "a termination frees a place among the living, a stop does not",
        "launch_instance/end_instance.py",
        "if ending.step is LeaseStep.TERMINATE\n        else (),",
        ",",
        ENDS,
    ),
    guard(
        "a frozen stack terminates nothing",
        "launch_instance/runners.py",
        'nothing="Nothing was terminated."',
        'nothing="Nothing was terminated.", runs_while_frozen=True',
        ENDS,
    ),
    guard(
        "an end that EC2 cannot rehearse reaches nobody",
        "launch_instance/rehearse.py",
        '    "terminate_instances": _end,\n',
        "",
        ENDS,
    ),
    # what leaves AWS
    guard(
        "what was handed over is not handed over again in doubt",
        "launch_instance/hand_over.py",
        "    if was_sent and not (is_repeatable and may_send):",
        "    if False:",
        HANDED_OVER,
    ),
    guard(
        "an answer that is lost is no failure",
        "launch_instance/hand_over.py",
        "kind = NotSent if 400 <= status < 500 else NoClearAnswer",
        "kind = NotSent",
        HANDED_OVER,
    ),
    guard(
        "a room that crashed may have sent it",
        "launch_instance/hand_over.py",
        "    if name not in _SENT_BY_NOBODY:",
        "    if False:",
        HANDED_OVER,
    ),
    # what a runbook may be
    guard(
        "a runbook's role is the manifest's",
        "shared/automation.py",
        "    if ROLE in written:",
        "    if False:",
        AUTOMATION,
    ),
    guard(
        "a runbook's token is the same for every try",
        "shared/automation.py",
        "uuid.UUID(hex=approved[:32], version=5)",
        "uuid.uuid4()",
        AUTOMATION,
        RUNBOOKS,
    ),
    guard(
        "a runbook that runs is looked at and not started again",
        "launch_instance/start_runbook.py",
        "        deps.ledger.runbook_started(*key, execution_id)\n",
        "",
        RUNBOOKS,
    ),
    guard(
        "a refused repeat does not deny what the first try may have started",
        "launch_instance/start_runbook.py",
        "        return UNCLEAR if was_sent and error_code(error) != MISMATCH else outcome",
        "        return outcome",
        RUNBOOKS,
    ),
    # what may be read without a countersignature
    guard(
        "the catalogue shows no key pair whose name hides something",
        "catalogue/listings.py",
        'if _is_usable(pair.get("KeyName"))',
        "if True",
        "tests/integration/test_catalogue.py",
    ),
)
