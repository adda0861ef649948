"""Clients that look around in a target, or end its instances: with our own rights here, under a role elsewhere."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config

from functions.shared.targets import Target

SESSION_SECONDS = 3600
"""As long as a role that was reached from another one may be had."""
SPARE = timedelta(minutes=5)
"""No client is handed out whose credentials end sooner than this."""


class TargetClients:
    """Makes each client once per target, and again before its credentials end; `role_of` says which role it needs."""

    def __init__(
        self,
        sts: Callable[[], Any],
        *,
        role_of: Callable[[Target], str],
        session_name: str,
        config: Config,
        clock: Callable[[], datetime],
    ) -> None:
        self._sts = sts
        self._role_of = role_of
        self._session_name = session_name
        self._config = config
        self._clock = clock
        self._credentials: dict[str, tuple[datetime, Mapping[str, str]]] = {}
        self._clients: dict[tuple[str, str], tuple[datetime, Any]] = {}

    def client(self, service: str, target: Target) -> Any:
        """A client in the target's account and region; raises what the assuming of its role raises."""
        key = (service, target.name)
        until, made = self._clients.get(key, (None, None))
        if until is not None and self._clock() < until - SPARE:
            return made
        until, credentials = self._credentials_in(target)
        make: Any = boto3.client
        made = make(service, region_name=target.region, config=self._config, **credentials)
        self._clients[key] = (until, made)
        return made

    def _credentials_in(self, target: Target) -> tuple[datetime, Mapping[str, str]]:
        """Until when, and which; none of their own where the room's own rights reach."""
        role, now = self._role_of(target), self._clock()
        if not role:
            return now + timedelta(days=365), {}
        until, known = self._credentials.get(target.name, (now, {}))
        if now < until - SPARE:
            return until, known
        answer = self._sts().assume_role(
            RoleArn=role,
            RoleSessionName=self._session_name,
            DurationSeconds=SESSION_SECONDS,
            **({"ExternalId": target.external_id} if target.external_id else {}),
        )["Credentials"]
        credentials = {
            "aws_access_key_id": str(answer["AccessKeyId"]),
            "aws_secret_access_key": str(answer["SecretAccessKey"]),
            "aws_session_token": str(answer["SessionToken"]),
        }
        self._credentials[target.name] = (now + timedelta(seconds=SESSION_SECONDS), credentials)
        return self._credentials[target.name]
