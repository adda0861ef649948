"""moto's DynamoDB without HTTP around it: the same backend and the same answers in half the time.

The SDK still checks and serializes each request; what is left out is signing it, sending it and reading it back.
"""

import json
from typing import Any

from botocore import xform_name
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

from tests.support.account import ACCOUNT_ID, REGION


class NotAnAnswer(Exception):
    """moto answered in another form than it does for these operations."""


def answered(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """What the service answers; raises the client's own errors."""
    model = client.meta.service_model.operation_model(operation)
    request = client._serializer.serialize_to_request(parameters, model)
    room = DynamoHandler()
    room.region, room.current_account = REGION, ACCOUNT_ID
    room.headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}"}
    room.body = room.params = json.loads(request["body"])
    try:
        answer = getattr(room, xform_name(operation))()
    except HTTPException as error:
        raise _error(client, operation, int(error.code or 400), error.description) from error
    except ServiceException as error:
        status, _, body = room.serialized(ActionResult(error))
        raise _error(client, operation, status, body) from error
    if not isinstance(answer, ActionResult):
        raise NotAnAnswer(f"{operation}: {answer!r}")
    return {
        **json.loads(json.dumps(answer.result)),
        "ResponseMetadata": {"HTTPStatusCode": 200, "RequestId": "request", "HTTPHeaders": {}},
    }


def _error(client: Any, operation: str, status: int, body: Any) -> Exception:
    told = json.loads(body)
    code = told.pop("__type").rpartition("#")[2]
    message = told.pop("message", "") or told.pop("Message", "")
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **told,
    }
    return client.exceptions.from_code(code)(response, operation)
