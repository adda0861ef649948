"""A guard by its name: what is taken out of the product, and the tests that must see it."""

from dataclasses import dataclass

RULES = "tests/unit/test_approval_rules.py"
DECIDE = "tests/integration/test_decide_approval.py"
ENTITLED = "tests/integration/test_entitlement.py"
GROUPS = "tests/integration/test_access_groups.py"
SETTLING = "tests/integration/test_settling.py"
LAUNCH = "tests/integration/test_launch_instance.py"
REFUSALS = "tests/integration/test_launch_refusals.py"
STOPPED = "tests/integration/test_launch_stopped.py"
ERRORS = "tests/integration/test_launch_errors.py"
SEALS = "tests/integration/test_seals.py"
ATTACKS = "tests/integration/test_attacks.py"
CONCLUDE = "tests/unit/test_conclude.py"
REQUEST = "tests/integration/test_request_approval.py"
RECORD = "tests/integration/test_record_late.py"
LEASES = "tests/integration/test_end_lease.py"
HTTP = "tests/unit/test_http.py"
FRONT = "tests/unit/test_front.py"
ORDERS = "tests/sweeps/test_guarded_orders.py"


@dataclass(frozen=True)
class Guard:
    """`old` stands exactly once in `file`; with `new` in its place, one of `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    held_by: tuple[str, str, str] | None = None
    """Another guard that would hold alone (file, old, new): both are taken out."""


def guard(
    name: str,
    file: str,
    old: str,
    new: str,
    *tests: str,
    held_by: tuple[str, str, str] | None = None,
) -> Guard:
    return Guard(name, f"functions/{file}", old, new, tests, held_by)
