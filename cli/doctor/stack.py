"""Checks of the deployed stack: it stands, it is of this page, nobody changed it by hand, it answers."""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx

from cli.doctor.examined import Examined
from cli.doctor.finding import Found, fail, ok, warn
from infra.deployed_from import deployed_from

LOOK_SECONDS = 1.0
DETECTION_SECONDS = 15.0
"""How long doctor waits for AWS to compare; a large stack takes a minute or two."""
FRESH = timedelta(hours=1)
"""So long AWS's last comparison is believed, where it found nothing."""
ANSWER_SECONDS = 10


def deployed(examined: Examined) -> Found:
    """The stack is there, and its last deploy succeeded."""
    stack = examined.stack()
    name, status = stack["StackName"], str(stack["StackStatus"])
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return ok(f"{name} is deployed.")
    events = f"aws cloudformation describe-stack-events --stack-name {name}"
    if status.endswith("_IN_PROGRESS"):
        return warn(f"{name} is being changed just now ({status}).", f"wait for it: {events}")
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return warn(
            f"The last deploy of {name} failed and was taken back.",
            f"{events}, then {examined.deploy}",
        )
    return fail(f"{name} is in the state {status}.", f"{events} says why; then {examined.deploy}")


def up_to_date(examined: Examined) -> Found:
    """What runs was deployed from this page and these agents."""
    was = examined.deployment().outputs.get("DeployedFrom", "")
    if was == deployed_from(examined.page(), examined.agents()):
        return ok("What runs was deployed from this page and these agents.")
    return warn("Page, agents or release have changed since the deploy.", examined.deploy)


def drift(examined: Examined) -> Found:
    """Nobody changed a resource by hand; AWS compares, and what the product itself sets is no drift."""
    stack = examined.stack()
    name = stack["StackName"]
    cloudformation = examined.client("cloudformation")
    complaint = "" if _is_fresh(stack, examined) else _compared(cloudformation, name)
    if complaint is None:
        return warn(
            f"AWS still compares {name} with its template.", "countersign doctor, in a minute"
        )
    changed = list(_changed(cloudformation, name, examined.deployment().outputs))
    if changed:
        return fail(
            f"Changed by hand since the deploy: {', '.join(changed)}.",
            f"aws cloudformation describe-stack-resource-drifts --stack-name {name} "
            "--stack-resource-drift-status-filters MODIFIED DELETED shows how; set it back there",
        )
    if complaint:
        return warn(
            f"AWS could not compare everything: {complaint}",
            f"aws cloudformation detect-stack-drift --stack-name {name}, with rights to read every resource",
        )
    return ok("Every resource that AWS can compare is as it was deployed.")


def service(examined: Examined) -> Found:
    """The address that mails link to answers."""
    origin = examined.deployment().output("Origin")
    try:
        answer = httpx.get(f"{origin}/healthz", timeout=ANSWER_SECONDS)
    except httpx.HTTPError as error:
        record = examined.deployment().outputs.get("DnsRecord")
        return fail(
            f"{origin} gives no answer ({type(error).__name__}).",
            f"make the DNS record: {record}"
            if record
            else f"curl -I {origin}/healthz shows whether your network lets you there",
        )
    if answer.status_code == httpx.codes.OK:
        return ok(f"{origin} answers.")
    if answer.status_code == httpx.codes.FORBIDDEN and examined.page().allowed_cidrs:
        return fail(
            f"{origin} refuses your address.",
            f"add it to allowed_cidrs in countersign.yaml; {examined.deploy}",
        )
    return fail(
        f"{origin} answers {answer.status_code}.", "countersign logs, or the dashboard, tell why"
    )


def _is_fresh(stack: Mapping[str, Any], examined: Examined) -> bool:
    """Whether AWS compared lately, after the last deploy, and found nothing."""
    known = stack.get("DriftInformation", {})
    at = known.get("LastCheckTimestamp")
    if known.get("StackDriftStatus") != "IN_SYNC" or at is None:
        return False
    deployed_at = stack.get("LastUpdatedTime") or stack["CreationTime"]
    return bool(at > deployed_at and examined.clock() - at < FRESH)


def _compared(cloudformation: Any, name: str) -> str | None:
    """Let AWS compare now: what it complains of, empty if nothing; None where it takes longer than anyone waits."""
    from botocore.exceptions import ClientError

    try:
        detection = cloudformation.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    except ClientError as error:
        if "progress" in str(error):
            return None
        raise
    until = time.monotonic() + DETECTION_SECONDS
    while time.monotonic() < until:
        said = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if said["DetectionStatus"] == "DETECTION_COMPLETE":
            return ""
        if said["DetectionStatus"] == "DETECTION_FAILED":
            return str(said.get("DetectionStatusReason") or "it does not say why.")
        time.sleep(LOOK_SECONDS)
    return None


def _changed(cloudformation: Any, name: str, outputs: Mapping[str, str]) -> Iterator[str]:
    """The resources that differ, by the names that the template knows them by."""
    request = {
        "StackName": name,
        "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"],
    }
    while True:
        answer = cloudformation.describe_stack_resource_drifts(**request)
        for one in answer["StackResourceDrifts"]:
            if not _is_our_own(one, outputs):
                yield str(one["LogicalResourceId"])
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]


def _is_our_own(drift: Mapping[str, Any], outputs: Mapping[str, str]) -> bool:
    """The freeze switch is a parameter whose value people set by the product."""
    differences: Iterable[Mapping[str, Any]] = drift.get("PropertyDifferences", ())
    paths = {one["PropertyPath"] for one in differences}
    return drift.get("PhysicalResourceId") == outputs.get("FreezeParameter") and paths == {"/Value"}
