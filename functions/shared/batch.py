"""Several ids in one invocation: each is done for itself, and one that fails does not stop the others."""

from collections.abc import Callable, Iterable

from functions.shared.errors import ProductError
from functions.shared.observe import logger


class SomeFailed(Exception):
    """Some ids of a batch could not be done; the next sweep hands them over again."""


def each(approval_ids: Iterable[str], do: Callable[[str], None]) -> None:
    """Do it for every id; raises `SomeFailed` after the last one, so that the failure is seen and counted."""
    failed = 0
    for approval_id in approval_ids:
        try:
            do(approval_id)
        except ProductError as refusal:
            logger.info("nothing to do here", approval_id=approval_id, code=refusal.code)
        except Exception:  # noqa: BLE001 - logged whole, and raised below for all of them
            failed += 1
            logger.exception("one of a batch failed", approval_id=approval_id)
    if failed:
        raise SomeFailed(failed)
