"""The tags of a launched instance: they lead back to approval, people and stack, and bound who may end it."""

TAG_APPROVAL = "countersign:approval"
TAG_CALL = "countersign:call"
TAG_REQUESTER = "countersign:requester"
TAG_APPROVER = "countersign:approver"
TAG_STACK = "countersign:stack"
TAG_LEASE_ENDS = "countersign:lease-ends"
"""The lease's end as it was at the launch; later extensions are in the ledger alone."""
