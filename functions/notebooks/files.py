"""A requester's files: which may be kept, and the order in which their bytes and names come and go."""

import gzip
import io
import unicodedata
import zlib
from datetime import datetime

from functions.shared.errors import BadRequest, Conflict, NotFound, TooLarge, WrongMediaType
from functions.shared.http import Request
from functions.shared.identifiers import timestamp
from functions.shared.notebook_store import FileStands, NotebookStore
from functions.shared.uploads import Upload, Uploads

FILE_BYTES = 10 * 1024 * 1024
PACKED_BYTES = 4_400_000
"""Of one file and of a conversation's together: what fits into the sandbox's event beside the cells."""
MOST_FILES = 10
NAME_CHARACTERS = 100
FORBIDDEN = frozenset("/\\%?#")
"""The gateway decodes a path, but not `%25`, and cuts it at a decoded `?`: such a name would not come back the same."""
TEXT_TYPES = frozenset({"text/csv", "text/tab-separated-values"})
GZIP_TYPES = frozenset({"application/gzip", "application/x-gzip"})
DAMAGED = "\ufffd"
_LEVEL = 6


class BadFileName(BadRequest):
    code = "bad_file_name"

    def __init__(self) -> None:
        super().__init__(
            f"A file's name ends with .csv or .tsv, has at most {NAME_CHARACTERS} characters, all of them visible, "
            "none of them / \\ % ? #, and does not begin with a dot."
        )


class BadFile(BadRequest):
    code = "bad_file"


class FileTooLarge(TooLarge):
    code = "file_too_large"

    def __init__(self) -> None:
        super().__init__("A file is at most 10 MB, and 4.4 MB compressed.")


class FilesFull(Conflict):
    code = "files_full"

    def __init__(self) -> None:
        super().__init__(
            f"A conversation holds at most {MOST_FILES} files, and 4.4 MB of them compressed; remove one first."
        )


class WrongFileType(WrongMediaType):
    def __init__(self) -> None:
        super().__init__(
            "Send the file as text/csv, text/tab-separated-values or application/gzip."
        )


def checked_name(given: str) -> str:
    """The name in its composed form (NFC); raises `BadFileName`."""
    name = unicodedata.normalize("NFC", given)
    is_good = (
        name.lower().endswith((".csv", ".tsv"))
        and len(name) <= NAME_CHARACTERS
        and name.isprintable()
        and not name.startswith(".")
        and FORBIDDEN.isdisjoint(name)
    )
    if not is_good:
        raise BadFileName
    return name


def content_of(request: Request) -> bytes:
    """The file's bytes as they are; raises `WrongFileType`, `FileTooLarge`, `BadFile`."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type in GZIP_TYPES:
        content = unpacked(request.body)
    elif media_type in TEXT_TYPES:
        content = _text(request.body)
    else:
        raise WrongFileType
    if len(content) > FILE_BYTES:
        raise FileTooLarge
    if not content:
        raise BadFile("The file is empty.")
    if b"\0" in content:
        raise BadFile("This is not a text file: it holds bytes that no table has.")
    return content


def unpacked(packed: bytes) -> bytes:
    """All members of a gzip; no more than the limit and one byte is ever unpacked. Raises `BadFile`."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as members:
            return members.read(FILE_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise BadFile("The file is not a whole gzip.") from error


def keep(
    store: NotebookStore,
    uploads: Uploads,
    *,
    owner: str,
    conversation_id: str,
    name: str,
    content: bytes,
    there: tuple[Upload, ...],
    keep_days: int,
    now: datetime,
) -> Upload:
    """Keep a new file beside those that are `there`: its bytes first, then its name.

    What a broken run leaves is bytes without a name, which the next upload of that name writes over. Two at once may
    both find room where only one has it: whoever sees too much afterwards takes its own away again.
    Raises `FileStands`, `FilesFull`, `FileTooLarge`.
    """
    packed = gzip.compress(content, _LEVEL, mtime=0)
    if len(packed) > PACKED_BYTES:
        raise FileTooLarge
    if any(upload.name == name for upload in there):
        raise FileStands(name)
    wanted = Upload(
        name=name, bytes=len(content), packed_bytes=len(packed), at=timestamp(now), version=""
    )
    _check_room((*there, wanted))
    version = store.write_file(owner, conversation_id, name, packed)
    upload = Upload(
        name=name,
        bytes=wanted.bytes,
        packed_bytes=wanted.packed_bytes,
        at=wanted.at,
        version=version,
    )
    if not uploads.add(owner, conversation_id, upload, keep_days=keep_days):
        raise FileStands(name)
    try:
        _check_room(uploads.all(owner, conversation_id))
    except FilesFull:
        remove(store, uploads, owner=owner, conversation_id=conversation_id, name=name)
        raise
    return upload


def remove(
    store: NotebookStore, uploads: Uploads, *, owner: str, conversation_id: str, name: str
) -> None:
    """Take a file away: its name first, then its bytes; raises `NotFound`."""
    known = uploads.remove(owner, conversation_id, name)
    if known is None:
        raise NotFound
    store.remove_file(owner, conversation_id, name, known.version)


def _text(body: bytes) -> bytes:
    """A body that travelled as text; where the gateway had to replace bytes, it is not the file any more."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = DAMAGED
    if DAMAGED in text:
        raise BadFile(
            "The file is not UTF-8 text; send it as application/gzip, which keeps it as it is."
        )
    return body


def _check_room(uploads: tuple[Upload, ...]) -> None:
    packed = sum(upload.packed_bytes for upload in uploads)
    if len(uploads) > MOST_FILES or packed > PACKED_BYTES:
        raise FilesFull
