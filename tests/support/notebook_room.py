"""The room of notebooks, as a test asks it over HTTP."""

import gzip

from functions.shared.aws import client
from tests.support.account import NOTEBOOKS
from tests.support.notebooks import store

FILE = "/conversations/{conversation_id}/files/{name}"
NOTEBOOK = "/conversations/{conversation_id}/notebook"
IPYNB = "/conversations/{conversation_id}/notebook.ipynb"
PICTURE = "/conversations/{conversation_id}/notebook/cells/{call_id}/pictures/{number}"
CSV = b"a,b\n1,2\n"


def put(backend, name="sales.csv", body=CSV, *, here="new", by="alice", media_type="text/csv"):
    return backend.http(
        f"PUT {FILE}",
        by=by,
        body=body,
        headers={"content-type": media_type},
        conversation_id=here,
        name=name,
    )


def put_gzip(backend, body, name="sales.csv", **more):
    return put(backend, name, body, media_type="application/gzip", **more)


def remove(backend, here, name="sales.csv", by="alice"):
    return backend.http(f"DELETE {FILE}", by=by, conversation_id=here, name=name)


def get(backend, route, here, by="alice", headers=None, **more):
    return backend.http(f"GET {route}", by=by, headers=headers, conversation_id=here, **more)


def notebook(backend, here, by="alice"):
    answer = get(backend, NOTEBOOK, here, by)
    assert answer.status == 200, answer.text
    return answer.json


def files(backend, here, by="alice"):
    return [file["name"] for file in notebook(backend, here, by)["files"]]


def begun(backend, by="alice", **more):
    """A conversation that began with a file."""
    answer = put(backend, by=by, **more)
    assert answer.status == 201, answer.text
    return answer.json["conversation_id"]


def kept(backend, here, name="sales.csv", by="alice"):
    """The file's bytes, as the sandbox will read them."""
    return gzip.decompress(store().read_file(backend.human(by).sub, here, name))


def ran(backend, here, *cells, by="alice"):
    """Cells that the sandbox gave for this conversation."""
    owner = backend.human(by).sub
    read = store().read(owner, here)
    for one in cells:
        read = store().append(owner, here, read, one)
    return read


def objects():
    """The keys of everything in the bucket."""
    found = client("s3").list_objects_v2(Bucket=NOTEBOOKS).get("Contents", ())
    return sorted(one["Key"] for one in found)
