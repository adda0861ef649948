"""Facts about the network: which subnet, whether it hands out public addresses, what its groups let in."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from functions.preflight.facts import Found, visible
from functions.shared.readings import NotRead, Reading, Readings, Refused

SUBNET_SETTING = "subnet_ids under targets in countersign.yaml"
GROUPS_SETTING = "security_group_ids under targets in countersign.yaml"
_SUBNET_UNKNOWN = (
    "InvalidSubnetID.NotFound",
    "InvalidSubnetID.Malformed",
    "InvalidSubnetId.Malformed",
)
_GROUP_UNKNOWN = ("InvalidGroup.NotFound", "InvalidGroupId.Malformed")
# Broader than this and a rule lets in the world, however it is cut into pieces.
_WORLD_PREFIX = {4: 8, 6: 16}
_RULES_SHOWN = 6


class Network:
    """The questions about one call's network, asked when made, read by `check`."""

    def __init__(
        self,
        readings: Readings,
        *,
        region: str,
        subnet_id: str,
        group_ids: Sequence[str],
        is_public: bool | None,
    ) -> None:
        self._region = region
        self._subnet_id = subnet_id
        self._group_ids = tuple(group_ids)
        self._is_public = is_public
        self._vpc = ""
        self._default_vpcs: Reading | None = None
        if subnet_id:
            self._subnets = readings.ask("ec2", "describe_subnets", SubnetIds=[subnet_id])
        else:
            self._default_vpcs = readings.ask(
                "ec2", "describe_vpcs", Filters=[_filter("is-default", "true")]
            )
            self._subnets = readings.ask(
                "ec2", "describe_subnets", Filters=[_filter("default-for-az", "true")]
            )
        self._groups = (
            readings.ask("ec2", "describe_security_groups", GroupIds=list(self._group_ids))
            if group_ids
            else readings.ask(
                "ec2", "describe_security_groups", Filters=[_filter("group-name", "default")]
            )
        )

    def check(self, found: Found) -> bool:
        """Tell what was found; whether the instance gets a public address, yes where nobody knows."""
        has_public_address = self._is_public is not False
        try:
            subnets = self._subnets_of(found)
            if subnets and self._is_public is None:
                has_public_address = _addresses(found, subnets)
        except NotRead as error:
            found.not_checked("subnet and public address", error)
        try:
            self._check_groups(found)
        except NotRead as error:
            found.not_checked("security groups", error)
        return has_public_address

    def _subnets_of(self, found: Found) -> list[dict[str, Any]]:
        """The subnets that AWS may choose from; none where that is a complaint."""
        return self._fixed_subnet(found) if self._subnet_id else self._default_subnets(found)

    def _fixed_subnet(self, found: Found) -> list[dict[str, Any]]:
        try:
            subnets = self._subnets.answer(*_SUBNET_UNKNOWN).get("Subnets") or []
        except Refused:
            subnets = []
        if not subnets:
            found.complain(
                "InvalidSubnetID.NotFound",
                "The subnet that your operator set does not exist in "
                f"{self._region}: the operator must correct {SUBNET_SETTING}.",
            )
            return []
        self._vpc = str(subnets[0]["VpcId"])
        found.tell("network", "Subnet is in", visible(self._vpc))
        return list(subnets)

    def _default_subnets(self, found: Found) -> list[dict[str, Any]]:
        vpcs = self._default_vpcs.answer().get("Vpcs") or [] if self._default_vpcs else []
        if not vpcs:
            found.complain(
                "VPCIdNotSpecified",
                f"The account has no default VPC in {self._region}, and no subnet is set: "
                f"the operator must name one under {SUBNET_SETTING}.",
            )
            return []
        self._vpc = str(vpcs[0]["VpcId"])
        asked = self._subnets.answer().get("Subnets") or []
        subnets = [one for one in asked if one["VpcId"] == self._vpc]
        if not subnets:
            found.complain(
                "MissingInput",
                f"The default VPC {visible(self._vpc)} in {self._region} has no default subnet: "
                f"the operator must name a subnet under {SUBNET_SETTING}.",
            )
            return []
        which = visible(subnets[0]["SubnetId"]) if len(subnets) == 1 else "a default subnet"
        chosen = "" if len(subnets) == 1 else ", AWS chooses which"
        found.tell("subnet", "Subnet", f"{which} in {visible(self._vpc)}{chosen}")
        return subnets

    def _check_groups(self, found: Found) -> None:
        try:
            groups = self._groups.answer(*_GROUP_UNKNOWN).get("SecurityGroups") or []
        except Refused:
            found.complain(
                "InvalidGroup.NotFound",
                "Not every security group that your operator set "
                f"exists in {self._region}: the operator must correct {GROUPS_SETTING}.",
            )
            return
        if self._vpc:
            here = [group for group in groups if group.get("VpcId") == self._vpc]
        else:
            here = list(groups) if self._group_ids else []
        if self._group_ids and len(here) < len(groups):
            found.complain(
                "InvalidParameter",
                f"Not every security group that your operator set belongs to {visible(self._vpc)}, the "
                f"subnet's VPC: the operator must correct {GROUPS_SETTING} or {SUBNET_SETTING}.",
            )
        elif here:
            self._tell_groups(found, here)
        elif not found.complaints:
            raise NotRead("AWS does not show the VPC's default group")

    def _tell_groups(self, found: Found, groups: Sequence[Mapping[str, Any]]) -> None:
        names = ", ".join(
            f'{visible(one["GroupId"])} "{visible(one.get("GroupName", ""))}"' for one in groups
        )
        if self._group_ids:
            found.tell("security_group_names", "Security groups' names", names)
        else:
            found.tell("security_groups", "Security groups", names)
        _tell_open(found, groups)


def _addresses(found: Found, subnets: Sequence[Mapping[str, Any]]) -> bool:
    given = {bool(subnet.get("MapPublicIpOnLaunch")) for subnet in subnets}
    said = "depends on the subnet that AWS chooses"
    if len(given) == 1:
        said = "yes" if True in given else "no"
    found.tell("public_address", "Public address", said)
    return True in given


def _tell_open(found: Found, groups: Sequence[Mapping[str, Any]]) -> None:
    """Which ports anyone on the Internet may reach."""
    if any(rule.get("PrefixListIds") for group in groups for rule in _rules(group)):
        found.not_checked("security groups", "prefix lists in their rules are not followed")
    ports = sorted({_ports(rule) for group in groups for rule in _open_rules(group)})
    if not ports:
        found.tell("open_to_world", "Open to the world", "no")
        return
    more = f" and {len(ports) - _RULES_SHOWN} more" if len(ports) > _RULES_SHOWN else ""
    shown = ", ".join(ports[:_RULES_SHOWN]) + more
    found.warn("open_to_world", "Open to the world", shown)


def _open_rules(group: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for rule in _rules(group):
        ranges = [one.get("CidrIp", "") for one in rule.get("IpRanges") or []]
        ranges += [one.get("CidrIpv6", "") for one in rule.get("Ipv6Ranges") or []]
        if any(map(_is_world, ranges)):
            yield rule


def _rules(group: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return group.get("IpPermissions") or []


def _is_world(cidr: str) -> bool:
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
    return network.prefixlen < _WORLD_PREFIX[network.version]


def _ports(rule: Mapping[str, Any]) -> str:
    protocol = str(rule.get("IpProtocol", "-1"))
    if protocol == "-1":
        return "everything"
    first, last = rule.get("FromPort", -1), rule.get("ToPort", -1)
    if protocol not in ("tcp", "udp") or first == -1:
        return visible(protocol)
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"


def _filter(name: str, value: str) -> dict[str, Any]:
    return {"Name": name, "Values": [value]}
