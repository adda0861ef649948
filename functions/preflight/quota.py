"""The account's quota of vCPUs of standard instances, as far as it can be read.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

import re
from collections.abc import Mapping
from typing import Any

QUOTA = "L-1216C47A"
"""Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, counted in vCPUs."""
_STANDARD = re.compile(r"(?:[acdhimrtz]|im|is)[0-9]", re.ASCII)


def is_standard(instance_type: str) -> bool:
    """Whether this quota counts the type."""
    return _STANDARD.match(instance_type) is not None


def vcpus_of(types: Mapping[str, Any]) -> int | None:
    """The vCPUs of the one type that was described."""
    described = types.get("InstanceTypes") or [{}]
    number = described[0].get("VCpuInfo", {}).get("DefaultVCpus")
    return int(number) if number else None


def vcpus_in_use(instances: Mapping[str, Any]) -> int | None:
    """What running on-demand instances count; None where one does not tell."""
    total = 0
    for reservation in instances.get("Reservations") or []:
        for instance in reservation.get("Instances") or []:
            if instance.get("InstanceLifecycle") == "spot":
                continue
            if not is_standard(instance.get("InstanceType", "")):
                continue
            options = instance.get("CpuOptions") or {}
            count = options.get("CoreCount", 0) * options.get("ThreadsPerCore", 0)
            if not count:
                return None
            total += count
    return total
