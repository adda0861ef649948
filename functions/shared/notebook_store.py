"""The bucket of notebooks: cells, a snapshot and files per conversation; the owner is in the key.

Keys: `{owner}/{conversation_id}/notebook.json`, `…/snapshot`, `…/files/{name}.gz`. A notebook is written only over the
version that was read, so that no cell is lost. Errors of the moment are raised as `TemporarilyUnavailable`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError

from functions.shared.aws import error_code, will_pass
from functions.shared.errors import Conflict, TemporarilyUnavailable
from functions.shared.identifiers import utc_now
from functions.shared.notebook import (
    Cell,
    Notebook,
    NotebookChanged,
    NotebookFull,
    Output,
    Snapshot,
    is_picture,
    without_pictures,
)

NOTEBOOK_BYTES = 5 * 1024 * 1024
LEFT_BEHIND = timedelta(minutes=5)
"""A file's object that is older and that no item names belongs to an upload that broke off."""
OUTPUTS_NOT_KEPT = "[the outputs of this cell were not kept: the notebook is full]"
_ABSENT = frozenset({"NoSuchKey", "404"})
_CHANGED = frozenset(
    {"PreconditionFailed", "ConditionalRequestConflict", "OperationAborted", "412"}
)


class FileStands(Conflict):
    code = "file_exists"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is a file named {name} already; remove it first, or use another name."
        )


class FileMissing(Exception):
    """An upload's bytes are not (or no longer) in the bucket."""


class NotebookStore:
    """One object per notebook, snapshot and file."""

    def __init__(
        self,
        client: Callable[[], Any],
        bucket: str,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock

    def read(self, owner: str, conversation_id: str) -> Notebook:
        """The notebook, in one request; an empty one where nothing is stored."""
        found = self._get(_key(owner, conversation_id, "notebook.json"))
        if found is None:
            return Notebook()
        content, version = found
        return Notebook(cells=tuple(map(_cell, _read(content)["cells"])), version=version)

    def append(self, owner: str, conversation_id: str, notebook: Notebook, cell: Cell) -> Notebook:
        """Store the notebook with one cell more, in one request, and give it back as it is stored.

        Pictures that would not fit, and then the cell's outputs, are replaced by a sentence. Raises `NotebookChanged`
        where it is not the newest any more, `NotebookFull` where the cell does not fit without outputs.
        """
        if notebook.is_full:
            raise NotebookFull
        before = [_written(one) for one in notebook.cells]
        room = NOTEBOOK_BYTES - len(_whole(before)) - 1
        kept, written = _fitting(cell, room)
        condition = {"IfMatch": notebook.version} if notebook.version else {"IfNoneMatch": "*"}
        content = _whole([*before, written])
        version = self._put(_key(owner, conversation_id, "notebook.json"), content, condition)
        if version is None:
            raise NotebookChanged
        return Notebook(cells=(*notebook.cells, kept), version=version)

    def snapshot(self, owner: str, conversation_id: str, notebook: Notebook) -> Snapshot | None:
        """The newest snapshot if it was taken after a cell of exactly this notebook."""
        found = self._get(_key(owner, conversation_id, "snapshot"))
        if found is None:
            return None
        kept = _read(found[0])
        snapshot = Snapshot(cells=kept["cells"], content=kept["content"])
        cells = notebook.code_cells()
        fits = 1 <= snapshot.cells <= len(cells)
        return snapshot if fits and cells[snapshot.cells - 1].call_id == kept["call_id"] else None

    def keep_snapshot(
        self, owner: str, conversation_id: str, notebook: Notebook, snapshot: Snapshot
    ) -> None:
        """Keep what the sandbox wrote after running the first `snapshot.cells` code cells of this notebook."""
        last = notebook.code_cells()[snapshot.cells - 1]
        kept = {"cells": snapshot.cells, "call_id": last.call_id, "content": snapshot.content}
        self._put(_key(owner, conversation_id, "snapshot"), _dumped(kept), {})

    def read_file(self, owner: str, conversation_id: str, name: str) -> bytes:
        """An upload's gzip; raises `FileMissing`."""
        found = self._get(_file_key(owner, conversation_id, name))
        if found is None:
            raise FileMissing(name)
        return found[0]

    def write_file(self, owner: str, conversation_id: str, name: str, packed: bytes) -> str:
        """Keep a new upload's gzip and give its version; raises `FileStands`.

        Call it only where no item names the file: an object that stands all the same is an upload of this moment,
        or was left behind by one that broke off, and only such a one is written over.
        """
        key = _file_key(owner, conversation_id, name)
        version = self._put(key, packed, {"IfNoneMatch": "*"})
        if version is None and (left := self._left_behind(key)):
            version = self._put(key, packed, {"IfMatch": left})
        if version is None:
            raise FileStands(name)
        return version

    def remove_file(self, owner: str, conversation_id: str, name: str, version: str) -> None:
        """Remove an upload's gzip; one that was written since stays."""
        with _passing():
            try:
                self._client().delete_object(
                    Bucket=self._bucket,
                    Key=_file_key(owner, conversation_id, name),
                    IfMatch=version,
                )
            except ClientError as error:
                if error_code(error) not in _CHANGED | _ABSENT:
                    raise

    def forget(self, owner: str, conversation_id: str) -> None:
        """Remove everything of a conversation; a repeat goes on where an earlier one broke off."""
        is_more = True
        while is_more:
            with _passing():
                page = self._client().list_objects_v2(
                    Bucket=self._bucket, Prefix=_key(owner, conversation_id, "")
                )
                keys = [{"Key": one["Key"]} for one in page.get("Contents", ())]
                if not keys:
                    return
                answer = self._client().delete_objects(
                    Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True}
                )
            if answer.get("Errors"):
                codes = sorted({str(error.get("Code")) for error in answer["Errors"]})
                raise TemporarilyUnavailable(f"S3 kept what was to be removed: {', '.join(codes)}.")
            is_more = bool(page.get("IsTruncated"))

    def _get(self, key: str) -> tuple[bytes, str] | None:
        with _passing():
            try:
                answer = self._client().get_object(Bucket=self._bucket, Key=key)
                return answer["Body"].read(), answer["ETag"]
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise

    def _put(self, key: str, content: bytes, condition: dict[str, str]) -> str | None:
        """Write an object and give its version; None where what stands is not what the condition says."""
        with _passing():
            try:
                answer = self._client().put_object(
                    Bucket=self._bucket, Key=key, Body=content, **condition
                )
            except ClientError as error:
                if condition and error_code(error) in _CHANGED | _ABSENT:
                    return None
                raise
        return str(answer["ETag"])

    def _left_behind(self, key: str) -> str | None:
        """The version of an object that no running upload can have written."""
        with _passing():
            try:
                found = self._client().head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise
        is_old = self._clock() - found["LastModified"] > LEFT_BEHIND
        return str(found["ETag"]) if is_old else None


@contextmanager
def _passing() -> Iterator[None]:
    """Errors of the moment by their one name."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        if will_pass(error) or isinstance(error, IncompleteReadError):
            raise TemporarilyUnavailable(f"S3: {error_code(error)}.") from error
        raise


def _key(owner: str, conversation_id: str, name: str) -> str:
    return f"{owner}/{conversation_id}/{name}"


def _file_key(owner: str, conversation_id: str, name: str) -> str:
    return _key(owner, conversation_id, f"files/{name}.gz")


def _fitting(cell: Cell, room: int) -> tuple[Cell, bytes]:
    """The cell with as much of its outputs as fits into `room` bytes, and how it is written."""
    for kept in (cell, _with_fewer_pictures(cell, room), _without_outputs(cell)):
        written = _written(kept)
        if len(written) <= room:
            return kept, written
    raise NotebookFull


def _with_fewer_pictures(cell: Cell, room: int) -> Cell:
    """The largest pictures go first."""
    outputs = list(cell.outputs)
    sizes = {place: len(_dumped(one)) for place, one in enumerate(outputs) if is_picture(one)}
    excess = len(_written(cell)) - room
    for place in sorted(sizes, key=lambda place: -sizes[place]):
        if excess <= 0:
            break
        outputs[place] = without_pictures(outputs[place])
        excess -= sizes[place] - len(_dumped(outputs[place]))
    return replace(cell, outputs=tuple(outputs))


def _without_outputs(cell: Cell) -> Cell:
    note: Output = {"output_type": "stream", "name": "stderr", "text": OUTPUTS_NOT_KEPT}
    return replace(cell, outputs=(note,))


def _written(cell: Cell) -> bytes:
    return _dumped({field.name: getattr(cell, field.name) for field in fields(cell)})


def _whole(cells: Sequence[bytes]) -> bytes:
    return b'{"v":1,"cells":[' + b",".join(cells) + b"]}"


def _dumped(value: object) -> bytes:
    """JSON as UTF-8; half a character, which UTF-8 cannot write, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _read(content: bytes) -> Any:
    """What `_dumped` wrote; numbers that JSON does not have are None."""
    return json.loads(content, parse_constant=lambda _: None)


def _cell(value: dict[str, Any]) -> Cell:
    return Cell(**{**value, "outputs": tuple(value["outputs"])})
