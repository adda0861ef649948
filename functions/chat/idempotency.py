"""Claims of idempotency keys: one conditional write before the model is called."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.shared.errors import BadRequest, Unprocessable

KEEP_SECONDS = 24 * 3600
STALE_SECONDS = 60
"""Longer than any chat Lambda lives: a claim this old without a turn was left by a crash."""
_KEY = re.compile(r"[!-~]{1,200}", re.ASCII)


class KeyReused(Unprocessable):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was already used with another request.")


@dataclass(frozen=True, slots=True)
class Claim:
    """A key, and the conversation its first request was for."""

    owner: str
    key: str
    conversation_id: str
    claimed_at: int
    is_held: bool
    """Whether this request holds the key now; else somebody sent it before."""

    def is_stale(self, now: datetime) -> bool:
        return now.timestamp() - self.claimed_at > STALE_SECONDS


def key_of(header: str) -> str:
    """A short name for an Idempotency-Key; raises `BadRequest` where it cannot be one."""
    if _KEY.fullmatch(header) is None:
        raise BadRequest(
            "An Idempotency-Key is 1 to 200 printable ASCII characters without blanks."
        )
    return hashlib.sha256(header.encode()).hexdigest()[:32]


def fingerprint(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]


class Claims:
    """Lives in the conversations table: partition `U#<sub>#K`."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def claim(
        self, owner: str, key: str, *, body: str, conversation_id: str, now: datetime
    ) -> Claim:
        """Hold the key, or learn who does; raises `KeyReused` when it came with another body."""
        claimed_at = int(now.timestamp())
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_claim_key(owner, key),
                    "body": {"S": body},
                    "conversation_id": {"S": conversation_id},
                    "claimed_at": {"N": str(claimed_at)},
                    "delete_after": {"N": str(claimed_at + KEEP_SECONDS)},
                },
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            held = error.response["Item"]
            if held["body"]["S"] != body:
                raise KeyReused from error
            return Claim(
                owner, key, held["conversation_id"]["S"], int(held["claimed_at"]["N"]), False
            )
        return Claim(owner, key, conversation_id, claimed_at, True)

    def take_over(self, claim: Claim, now: datetime) -> Claim | None:
        """Hold a claim that a crash or a refusal left; None where somebody else was faster."""
        claimed_at = int(now.timestamp())
        if not self._set_time(claim, claimed_at):
            return None
        return replace(claim, claimed_at=claimed_at, is_held=True)

    def release(self, claim: Claim) -> None:
        """Nothing came of this request: the same key may try again at once."""
        self._set_time(claim, 0)

    def _set_time(self, claim: Claim, claimed_at: int) -> bool:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_claim_key(claim.owner, claim.key),
                UpdateExpression="SET claimed_at = :new",
                ConditionExpression="claimed_at = :old",
                ExpressionAttributeValues={
                    ":new": {"N": str(claimed_at)},
                    ":old": {"N": str(claim.claimed_at)},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _claim_key(owner: str, key: str) -> dict[str, Any]:
    return {"pk": {"S": f"U#{owner}#K"}, "sk": {"S": key}}
