"""AWS clients for doctor: they give up early, and several checks may make them at once."""

import threading
from typing import Any

CONNECT_SECONDS = 5
READ_SECONDS = 10


def open_session(region: str) -> Any:
    """The operator's session in a region; raises what botocore raises for a profile that is none."""
    import boto3
    import botocore.session
    from botocore.config import Config

    quick = botocore.session.get_session()
    quick.set_default_client_config(
        Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
    )
    lock = threading.Lock()

    class OneAtATime(boto3.Session):
        """https://docs.aws.amazon.com/boto3/latest/guide/session.html: a session is not for several threads."""

        def client(self, *named: Any, **more: Any) -> Any:
            with lock:
                return super().client(*named, **more)

    return OneAtATime(region_name=region, botocore_session=quick)
