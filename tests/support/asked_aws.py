"""What a piece of work asked of AWS, request by request."""

import contextlib
from collections.abc import Iterator

import botocore.client
import pytest


@contextlib.contextmanager
def asked_of_aws() -> Iterator[list[str]]:
    """Every request until the end as `service:Operation`, in order."""
    seen: list[str] = []
    ask = botocore.client.BaseClient._make_api_call

    def asked(self, operation, parameters):
        seen.append(f"{self.meta.service_model.service_name}:{operation}")
        return ask(self, operation, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", asked)
        yield seen
