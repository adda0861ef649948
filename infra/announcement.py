"""What an operator reads before anything is deployed: where it goes, what it may do, what costs money."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from infra.account import Account
from infra.page import Page
from infra.page_targets import Place
from infra.targets import is_away

MONTHLY_USD: Mapping[str, tuple[str, float]] = {
    "AWS::KMS::Key": ("KMS key", 1.00),
    "AWS::SecretsManager::Secret": ("secret", 0.40),
    "AWS::CloudWatch::Alarm": ("alarm", 0.10),
    "AWS::CloudWatch::Dashboard": ("dashboard", 3.00),
}
"""What is paid by the month, used or not: AWS's list prices in us-east-1, as docs/cost.md has them."""
LAUNCH = {
    "live": "live: what is countersigned is launched",
    "dry_run": "dry_run: shadow mode, nothing is launched",
}


def announcement(page: Page, account: Account, template: Mapping[str, Any]) -> list[str]:
    """Lines for the operator, in the order in which a mistake would hurt."""
    facts = [
        ("Account", account.shown),
        ("Region", page.region),
        ("Stack", f"{page.stack}, stage {page.stage}"),
        ("Launch", LAUNCH[page.launch]),
        *(("Target", _target(place, account)) for place in _elsewhere(page)),
        ("Paid by the month", _by_the_month(template)),
        ("Paid by use", _by_use(page)),
    ]
    return [f"{label + ':':<18} {value}" for label, value in facts]


def _elsewhere(page: Page) -> list[Place]:
    """The targets that are not simply the stack's own account and region."""
    return [one for one in page.places if is_away(one, page) or one.region != page.region]


def _target(place: Place, account: Account) -> str:
    return f"{place.name} in {place.account or account.id}, {place.region}"


def _by_the_month(template: Mapping[str, Any]) -> str:
    counted = Counter(one["Type"] for one in template["Resources"].values())
    lines = [
        (number, word, number * usd)
        for kind, (word, usd) in MONTHLY_USD.items()
        if (number := counted[kind])
    ]
    parts = [f"{number} {word}{'s' * (number > 1)} {usd:.2f}" for number, word, usd in lines]
    return f"{sum(usd for _, _, usd in lines):.2f} USD ({', '.join(parts)}), used or not"


def _by_use(page: Page) -> str:
    return ", ".join(_used(page)) + " (docs/cost.md)"


def _used(page: Page) -> Iterator[str]:
    yield "requests, tables, logs, metrics and mails"
    yield f"the tokens of {page.model.name}"
    if page.launch == "live":
        yield f"each launched instance for {page.effective_lease_hours} hours and its disks for 7 days more"
