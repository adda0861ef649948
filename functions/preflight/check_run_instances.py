"""The operation `run_instances`: everything EC2 would stumble over, and what an approver should know."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.preflight.facts import Found, visible
from functions.preflight.image import image_facts, system_of, volumes_of
from functions.preflight.inspection import Inspection
from functions.preflight.network import Network
from functions.preflight.quota import QUOTA, is_standard, vcpus_in_use, vcpus_of
from functions.shared.fixed_parameters import awaits_disks, disks_of, network_of
from functions.shared.price import Priced, Rates, price_of, table_rates
from functions.shared.readings import NotRead, Refused

_IMAGE_UNKNOWN = ("InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable")
_TYPE_UNKNOWN = ("InvalidInstanceType",)


def check(inspection: Inspection, calls: Sequence[Mapping[str, Any]]) -> dict[str, Found]:
    """The found of each call by its id; all questions are on their way before the first is read."""
    launches = [_Launch(inspection, call) for call in calls]
    found, planned_vcpus = {}, 0
    for launch in launches:
        found[launch.call_id] = launch.found
        planned_vcpus += launch.read(planned_vcpus)
    return found


class _Launch:
    """One instance that may start."""

    def __init__(self, inspection: Inspection, call: Mapping[str, Any]) -> None:
        self._inspection = inspection
        self.call_id = str(call["id"])
        self.found = Found()
        arguments, sent = call["arguments"], call.get("parameters") or {}
        self._image_id = str(sent.get("ImageId") or arguments["image_id"])
        self._type = str(sent.get("InstanceType") or arguments["instance_type"])
        self._key_name = str(sent.get("KeyName") or arguments["key_name"])
        ask, region = inspection.readings.ask, inspection.region
        self._images = ask(
            "ec2", "describe_images", ImageIds=[self._image_id], IncludeDeprecated=True
        )
        self._key_pairs = ask("ec2", "describe_key_pairs", KeyNames=[self._key_name])
        self._encrypts = awaits_disks(sent)
        subnet_id, group_ids, is_public = network_of(sent)
        self._network = Network(
            inspection.readings,
            region=region,
            subnet_id=subnet_id,
            group_ids=group_ids,
            is_public=is_public,
        )
        named = [{"Name": "instance-type", "Values": [self._type]}]
        self._offerings = ask("ec2", "describe_instance_type_offerings", Filters=named)
        self._types = ask("ec2", "describe_instance_types", InstanceTypes=[self._type])
        self._quota = ask("service-quotas", "get_service_quota", ServiceCode="ec2", QuotaCode=QUOTA)
        running = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        self._running = ask("ec2", "describe_instances", Filters=running)
        prices, now = inspection.price_list, inspection.now
        self._instance_hour = prices.instance_hour(inspection.readings, now, region, self._type)
        self._address_hour = prices.public_address_hour(inspection.readings, now, region)

    def read(self, planned_vcpus: int) -> int:
        """Fill the found; the vCPUs that this launch needs of the quota, 0 where nobody can tell."""
        image = self._image()
        self._key_pair()
        has_public_address = self._network.check(self.found)
        vcpus = self._kind(image)
        self._vcpu_quota(planned_vcpus, vcpus)
        self._price(image, has_public_address)
        return vcpus or 0

    def _image(self) -> Mapping[str, Any] | None:
        try:
            images = self._images.answer(*_IMAGE_UNKNOWN).get("Images") or []
        except NotRead as error:
            self.found.not_checked("image", error)
            return None
        except Refused:
            images = []
        if not images:
            self.found.complain(
                "InvalidAMIID.NotFound",
                f"The image {self._image_id} does not exist in {self._inspection.region}, or this account "
                "may not see it: name an AMI id of that region.",
            )
            return None
        image_facts(
            self.found,
            images[0],
            account=self._inspection.account,
            now=self._inspection.now,
        )
        if self._encrypts:
            self._disks(images[0])
        return dict(images[0])

    def _disks(self, image: Mapping[str, Any]) -> None:
        """The names of the disks that the operator has encrypted."""
        self.found.disks = disks_of(image)
        if not self.found.disks:
            self.found.complain(
                "UnsupportedOperation",
                f"The image {self._image_id} has no root volume that could be encrypted, as your operator wants it: "
                "name another image.",
            )

    def _key_pair(self) -> None:
        try:
            pairs = self._key_pairs.answer("InvalidKeyPair.NotFound").get("KeyPairs") or []
        except NotRead as error:
            self.found.not_checked("key pair", error)
            return
        except Refused:
            pairs = []
        if pairs:
            told = (pairs[0].get("KeyPairId"), pairs[0].get("KeyType"))
            value = ", ".join(["exists", *(visible(one) for one in told if one)])
            self.found.tell("key_pair", "Key pair", value)
            return
        self.found.complain(
            "InvalidKeyPair.NotFound",
            f'The key pair "{visible(self._key_name)}" does not exist in {self._inspection.region}: '
            "name one that exists there, or create it first.",
        )

    def _kind(self, image: Mapping[str, Any] | None) -> int | None:
        """Whether the type is offered and runs this image; its vCPUs where AWS tells them."""
        try:
            is_offered = bool(self._offerings.answer().get("InstanceTypeOfferings"))
        except NotRead as error:
            self.found.not_checked("whether the instance type is offered", error)
            is_offered = True
        try:
            types = self._types.answer(*_TYPE_UNKNOWN)
        except NotRead as error:
            self.found.not_checked("architecture of the instance type", error)
            types = {}
        except Refused:
            is_offered, types = False, {}
        if not is_offered:
            self.found.complain(
                "Unsupported",
                f"The instance type {self._type} is not offered in {self._inspection.region}: "
                "name another instance type.",
            )
            return None
        for described in types.get("InstanceTypes") or []:
            runs = described.get("ProcessorInfo", {}).get("SupportedArchitectures") or []
            wanted = (image or {}).get("Architecture")
            if runs and wanted and wanted not in runs:
                self.found.complain(
                    "InvalidParameterValue",
                    f"The image {self._image_id} is made for {visible(wanted)}, and {self._type} runs "
                    f"{visible(', '.join(runs))}: name an image or a type that fits the other.",
                )
        return vcpus_of(types)

    def _vcpu_quota(self, planned: int, needed: int | None) -> None:
        if self.found.complaints and needed is None:
            return
        try:
            limit, in_use = self._limit_and_use(needed)
        except NotRead as error:
            self.found.not_checked("vCPU quota", error)
            return
        in_use += planned
        value = f"{in_use} of {limit} in use, this one needs {needed}"
        if in_use + (needed or 0) <= limit:
            self.found.tell("vcpu_quota", "vCPU quota", value)
            return
        self.found.warn("vcpu_quota", "vCPU quota", value)
        self.found.complain(
            "VcpuLimitExceeded",
            f"The account may run {limit} vCPUs of standard instances in {self._inspection.region}, {in_use} are "
            f"in use, and {self._type} needs {needed}: stop an instance, name a smaller type, or ask AWS for a "
            f"higher quota ({QUOTA}).",
        )

    def _limit_and_use(self, needed: int | None) -> tuple[int, int]:
        if not is_standard(self._type):
            raise NotRead(f"{self._type} has a quota of its own")
        limit = self._quota.answer().get("Quota", {}).get("Value")
        in_use = vcpus_in_use(self._running.answer())
        if limit is None or in_use is None or needed is None:
            raise NotRead("AWS does not tell every number")
        return int(limit), in_use

    def _price(self, image: Mapping[str, Any] | None, has_public_address: bool) -> None:
        if self.found.complaints:
            return
        volumes = volumes_of(image) if image is not None else None
        if image is None or volumes is None:
            self.found.not_checked("price", "the size of the disks is not known")
            return
        if system_of(image) != "Linux/UNIX":
            told = visible(system_of(image))
            self.found.not_checked("price", f"images of {told} cost more than Linux")
            return
        if not all(volume.is_paid_by_size for volume in volumes):
            self.found.not_checked("price", "the disks are paid for by more than their size")
            return
        priced = Priced(
            instance_type=self._type, volumes=volumes, has_public_address=has_public_address
        )
        rates = self._listed(priced) or table_rates(priced, self._inspection.region)
        if rates is None:
            self.found.not_checked("price", "neither AWS's list nor our table tells it")
            return
        self.found.price = price_of(priced, rates, lease_hours=self._inspection.lease_hours)

    def _listed(self, priced: Priced) -> Rates | None:
        """The Price List's rates, if it tells every part."""
        one = self._inspection
        quotes = {
            volume.type: one.price_list.gib_month(one.readings, one.now, one.region, volume.type)
            for volume in priced.volumes
        }
        instance_hour, address_hour = self._instance_hour(), self._address_hour()
        gib_month = {type: quote() for type, quote in quotes.items()}
        known = {type: price for type, price in gib_month.items() if price is not None}
        if instance_hour is None or address_hour is None or len(known) < len(gib_month):
            return None
        return Rates(
            instance_hour=instance_hour,
            gib_month=known,
            public_address_hour=address_hour,
            source="list",
            as_of=f"{one.now:%Y-%m-%d}",
        )
