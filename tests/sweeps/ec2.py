"""EC2 where it matters to the promises: dry runs start nothing, a client token starts one instance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Fail = Callable[..., Any]


@dataclass
class FaithfulEc2:
    """With the code `denied` the rehearsal is refused, with `refused` the launch."""

    clock: Callable[[], datetime]
    denied: str = ""
    refused: str = ""
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    by_token: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)

    def sdk(self, operation: str, parameters: dict[str, Any], fail: Fail) -> Any:
        match operation:
            case "RunInstances":
                return self._run(parameters, fail)
            case "DescribeInstances":
                return {"Reservations": [{"Instances": self._found(parameters)}]}
            case "StopInstances" | "TerminateInstances":
                to = "stopped" if operation == "StopInstances" else "terminated"
                for instance_id in parameters["InstanceIds"]:
                    if instance_id not in self.instances:
                        fail("InvalidInstanceID.NotFound")
                    self.instances[instance_id]["State"] = {"Name": to}
                return {}
        if operation in DESCRIBED:
            return DESCRIBED[operation](parameters)
        raise NotImplementedError(f"ec2.{operation}")

    def _run(self, parameters: dict[str, Any], fail: Fail) -> Any:
        if parameters.get("DryRun"):
            fail(self.denied or "DryRunOperation", status=412)
        self.requests.append(parameters)
        if self.refused:
            fail(self.refused)
        token = parameters["ClientToken"]
        if token in self.by_token:
            earlier, instance_id = self.by_token[token]
            if earlier != parameters:
                fail("IdempotentParameterMismatch")
            return {"Instances": [self.instances[instance_id]]}
        instance_id = f"i-{len(self.instances) + 1:017x}"
        tags = [tag for one in parameters.get("TagSpecifications", ()) for tag in one["Tags"]]
        self.instances[instance_id] = {
            "InstanceId": instance_id,
            "ClientToken": token,
            "State": {"Name": "running"},
            "ImageId": parameters["ImageId"],
            "InstanceType": parameters["InstanceType"],
            "KeyName": parameters["KeyName"],
            "PublicIpAddress": "192.0.2.10",
            "PrivateIpAddress": "10.0.0.10",
            "LaunchTime": self.clock(),
            "Tags": tags,
        }
        self.by_token[token] = (parameters, instance_id)
        return {"Instances": [self.instances[instance_id]]}

    def _found(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        wanted = set(parameters.get("InstanceIds", ()))
        found = [
            one for one in self.instances.values() if not wanted or one["InstanceId"] in wanted
        ]
        for part in parameters.get("Filters", ()):
            found = [one for one in found if _value(one, part["Name"]) & set(part["Values"])]
        return found


DESCRIBED: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "DescribeImages": lambda asked: {
        "Images": [
            {
                "ImageId": image,
                "Name": "al2023",
                "OwnerId": "137112412989",
                "Architecture": "x86_64",
                "State": "available",
                "CreationDate": "2026-10-20T00:00:00.000Z",
                "RootDeviceName": "/dev/xvda",
                "PlatformDetails": "Linux/UNIX",
                "BlockDeviceMappings": [
                    {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "VolumeType": "gp3"}}
                ],
            }
            for image in asked["ImageIds"]
        ]
    },
    "DescribeKeyPairs": lambda asked: {
        "KeyPairs": [{"KeyName": name, "KeyPairId": "key-1"} for name in asked["KeyNames"]]
    },
    "DescribeInstanceTypeOfferings": lambda asked: {
        "InstanceTypeOfferings": [{"InstanceType": asked["Filters"][0]["Values"][0]}]
    },
    "DescribeInstanceTypes": lambda asked: {
        "InstanceTypes": [
            {
                "InstanceType": asked["InstanceTypes"][0],
                "VCpuInfo": {"DefaultVCpus": 1},
                "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
            }
        ]
    },
    "DescribeVpcs": lambda _: {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": True}]},
    "DescribeSubnets": lambda _: {
        "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "MapPublicIpOnLaunch": True}]
    },
    "DescribeSecurityGroups": lambda _: {
        "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "default", "IpPermissions": []}]
    },
}
"""What preflight reads: everything that is named exists."""


def _value(instance: dict[str, Any], name: str) -> set[str]:
    if name.startswith("tag:"):
        return {one["Value"] for one in instance["Tags"] if one["Key"] == name[4:]}
    return {
        "client-token": {instance["ClientToken"]},
        "instance-id": {instance["InstanceId"]},
        "instance-state-name": {instance["State"]["Name"]},
    }[name]
