"""Checks of where instances come to stand, target by target: subnets, security groups, the profile, the default VPC."""

import json
from typing import Any

from cli.doctor.examined import Examined
from cli.doctor.finding import CannotCheck, Found, fail, ok
from functions.shared.aws import error_code
from infra.page import NAME
from infra.page_targets import InstanceProfile, Place

CATALOGUE_SECONDS = 8


def network(examined: Examined, place: Place) -> Found:
    """What the operator fixed is there and fits together; where nothing is fixed, AWS has a default.

    In another account only the deployment itself may look: its catalogue is asked whether it is let in.
    """
    if place.account and place.account != examined.page().account:
        return _let_in(examined, place)
    ec2 = examined.client("ec2", place.region)
    where = f"targets.{place.name}.fixed in {NAME}"
    vpc, problem = (
        _subnets(ec2, place, where) if place.fixed.subnet_ids else _default(ec2, place, where)
    )
    problem = problem or _security_groups(ec2, place, vpc, where)
    if problem is None and place.fixed.instance_profile is not None:
        problem = _profile(examined.client("iam"), place.fixed.instance_profile, where)
    return problem or ok(f"{place.region}, {vpc}.")


def _let_in(examined: Examined, place: Place) -> Found:
    """What is fixed there is rehearsed with each request; here it is seen whether the account has its roles."""
    name = examined.deployment().output("CatalogueFunction")
    event = {
        "v": 1,
        "seconds": CATALOGUE_SECONDS,
        "calls": [
            {"id": "1", "operation": "list_key_pairs", "arguments": {"target": place.name}},
        ],
    }
    answer = examined.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise CannotCheck(
            "", f"the catalogue {name} failed.", "countersign logs --errors --since 5m"
        )
    [result] = said["results"]
    if result["status"] == "succeeded":
        return ok(f"{place.account}, {place.region}: it lets this deployment in.")
    return fail(
        str(json.loads(result["text"])["error"]),
        f"{examined.deploy_target} TARGET={place.target}, with credentials of {place.account}",
    )


def _subnets(ec2: Any, place: Place, where: str) -> tuple[str, Found | None]:
    found, missing = _described(
        lambda: ec2.describe_subnets(SubnetIds=list(place.fixed.subnet_ids))["Subnets"],
        "InvalidSubnetID.NotFound",
    )
    listed = f"aws ec2 describe-subnets --region {place.region} lists those there are"
    if missing:
        return "", fail(f"{missing}.", f"mend subnet_ids in {where}; {listed}")
    full = [one["SubnetId"] for one in found if not one["AvailableIpAddressCount"]]
    if full:
        return "", fail(
            f"No address is free in {', '.join(full)}.",
            f"write another subnet in {where}; {listed}",
        )
    networks = sorted({str(one["VpcId"]) for one in found})
    if len(networks) > 1 and place.fixed.security_group_ids:
        return "", fail(
            f"The subnets are in several VPCs ({', '.join(networks)}), and security groups are of one.",
            f"write subnets of one VPC in {where}",
        )
    return networks[0], None


def _default(ec2: Any, place: Place, where: str) -> tuple[str, Found | None]:
    answer = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])
    if not answer["Vpcs"]:
        return "", fail(
            f"There is no default VPC in {place.region}, and no subnet is written.",
            f"write subnet_ids under {where}, or aws ec2 create-default-vpc --region {place.region}",
        )
    vpc = str(answer["Vpcs"][0]["VpcId"])
    filters = [
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "default-for-az", "Values": ["true"]},
    ]
    if not ec2.describe_subnets(Filters=filters)["Subnets"]:
        return "", fail(
            f"The default VPC {vpc} has no default subnet.",
            f"write subnet_ids under {where}, or aws ec2 create-default-subnet "
            f"--region {place.region} --availability-zone {place.region}a",
        )
    return vpc, None


def _security_groups(ec2: Any, place: Place, vpc: str, where: str) -> Found | None:
    groups = place.fixed.security_group_ids
    if not groups:
        return None
    found, missing = _described(
        lambda: ec2.describe_security_groups(GroupIds=list(groups))["SecurityGroups"],
        "InvalidGroup.NotFound",
    )
    fix = (
        f"mend security_group_ids in {where}; aws ec2 describe-security-groups --region {place.region} "
        f"--filters Name=vpc-id,Values={vpc} lists those that fit"
    )
    if missing:
        return fail(f"{missing}.", fix)
    strangers = [one["GroupId"] for one in found if one["VpcId"] != vpc]
    if strangers:
        return fail(f"{', '.join(strangers)}: of another VPC than the subnet's {vpc}.", fix)
    return None


def _profile(iam: Any, profile: InstanceProfile, where: str) -> Found | None:
    from botocore.exceptions import ClientError

    name = profile.arn.rpartition("/")[2]
    try:
        found = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    except ClientError as error:
        if error_code(error) != "NoSuchEntity":
            raise
        return fail(
            f"There is no instance profile {name}.",
            f"mend instance_profile in {where}; aws iam list-instance-profiles lists those there are",
        )
    roles = [one["Arn"] for one in found["Roles"]]
    if profile.role_arn not in roles or found["Arn"] != profile.arn:
        return fail(
            f"The instance profile {name} is {found['Arn']} with {', '.join(roles) or 'no role'}.",
            f"write both as they are under instance_profile in {where}",
        )
    return None


def _described(describe: Any, absent: str) -> tuple[list[dict[str, Any]], str]:
    """What AWS has of these, or its sentence on those it does not know."""
    from botocore.exceptions import ClientError

    try:
        return describe(), ""
    except ClientError as error:
        if error_code(error) != absent:
            raise
        return [], str(error.response["Error"].get("Message", absent)).rstrip(".")
