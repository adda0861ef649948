"""Targets: the accounts and regions where calls run, read by every room from the one variable TARGETS."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Self

NOT_DEPLOYED = "TargetNotDeployed"
"""What a request is refused with where another account does not admit this deployment."""


class UnknownTarget(LookupError):
    """No target of this deployment has that name, or it is another place by now."""

    def __init__(self, name: object) -> None:
        super().__init__(
            f"{name!r} is no target of this deployment, or it is another place by now."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One account and one region, by the name that people and plans use.

    The roles are ARNs; an empty one means that the room works there with its own rights, or not at all.
    """

    name: str
    account: str
    region: str
    launch_role: str = ""
    look_role: str = ""
    lease_role: str = ""
    external_id: str = ""
    """What the roles of another account ask for."""
    passed_role: str = ""
    """The one role that launched instances are given; empty: none."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """What the operator fixed for launches there, as the operation run_instances takes it."""

    @property
    def partition(self) -> str:
        """`aws`, or that of China or of GovCloud."""
        for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
            if self.region.startswith(prefix):
                return partition
        return "aws"

    def not_admitted(self) -> str:
        """Why nothing can be asked or done there, for who asked and the operator."""
        return (
            f"The account {self.account} of the target {self.name} does not admit this deployment: the operator "
            f"must deploy countersign-target there (make deploy-target TARGET={self.name})."
        )

    def written(self, *names: str) -> dict[str, Any]:
        """The JSON value that `read` reads back: where it is, and of the rest what is named and not empty."""
        rest = {name: getattr(self, name) for name in names}
        where = {"name": self.name, "account": self.account, "region": self.region}
        return where | {name: value for name, value in rest.items() if value}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """The target of a JSON value; members that this release does not know are left aside."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in written.items() if name in known})


class Targets:
    """Every target of a deployment, in the order of the operator's page; at least one."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self._targets = tuple(targets)
        if not self._targets:
            raise ValueError("a deployment has at least one target")

    @classmethod
    def parsed(cls, text: str) -> Self:
        """What `text` wrote."""
        return cls(Target.read(written) for written in json.loads(text))

    def text(self, *names: str) -> str:
        """For the variable TARGETS: where each is, and of the rest what is named and not empty."""
        rows = [target.written(*names) for target in self._targets]
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def __iter__(self) -> Iterator[Target]:
        return iter(self._targets)

    @property
    def first(self) -> Target:
        """Where whatever is no call to AWS is written down."""
        return self._targets[0]

    @property
    def only(self) -> Target | None:
        """The one target; None where there are several, and one has to be named."""
        return self.first if len(self._targets) == 1 else None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    def named(self, name: object) -> Target:
        """The target of that name; raises `UnknownTarget`."""
        target = self._by_name.get(name) if isinstance(name, str) else None
        if target is None:
            raise UnknownTarget(name)
        return target

    def of(self, plan: Mapping[str, Any]) -> Target:
        """The target that a plan names, if it still is in the plan's account and region; raises `UnknownTarget`."""
        target = self.named(plan.get("target"))
        if (target.account, target.region) != (plan.get("account"), plan.get("region")):
            raise UnknownTarget(target.name)
        return target

    def reaching(self, plan: Mapping[str, Any]) -> Target | None:
        """Where whatever an old plan started is now: its target, or one that a page renamed since; None where none is.

        Raises nothing: the ends of leases must find their instances.
        """
        here = (plan.get("account"), plan.get("region"))
        there = [target for target in self if (target.account, target.region) == here]
        named = (target for target in there if target.name == plan.get("target"))
        return next(named, there[0] if there else None)

    def in_account(self, account: str) -> Target:
        """The first target in that account; the first of all where there is none."""
        return next((target for target in self if target.account == account), self.first)

    @cached_property
    def _by_name(self) -> dict[str, Target]:
        return {target.name: target for target in self._targets}
