"""One conversation, as the sandbox is told of it: who it is, and the files that its code finds."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from functions.ask_sandbox.code_files import AgentFiles
from functions.ask_sandbox.failure import AWS, NOT_READ, CallFailed
from functions.shared.aws import error_code
from functions.shared.notebook_store import FileMissing, NotebookStore
from functions.shared.observe import logger
from functions.shared.uploads import Uploads

MOST_FILES = 50
TOO_MANY_FILES = f"There are more than {MOST_FILES} files; remove some."


@dataclass(slots=True)
class Conversation:
    """Whose code runs; its files are read once, when the first call needs them."""

    owner: str
    id: str
    store: NotebookStore
    uploads: Uploads
    _uploaded: dict[str, str] | None = field(default=None, init=False)

    @property
    def tenant(self) -> str:
        """By which Lambda keeps its environments apart from all others'; says nothing about the person."""
        return hashlib.sha256(f"{self.owner}\n{self.id}".encode()).hexdigest()

    def files(self, operator: AgentFiles) -> list[Mapping[str, str]]:
        """The operator's files and the requester's, base64 of gzip; an upload replaces none of the operator's.

        Raises `CallFailed`.
        """
        taken = {PurePosixPath(name).parts[0] for name in operator.resources}
        uploaded = {name: content for name, content in self._uploads().items() if name not in taken}
        both = {**operator.resources, **uploaded}
        if len(both) > MOST_FILES:
            raise CallFailed("too_many_files", TOO_MANY_FILES)
        return [{"name": name, "content": content} for name, content in both.items()]

    def _uploads(self) -> Mapping[str, str]:
        if self._uploaded is None:
            try:
                self._uploaded = dict(self._read())
            except AWS as error:
                logger.error("files cannot be read", error=error_code(error))
                raise CallFailed("notebook_unavailable", NOT_READ, will_pass=True) from error
        return self._uploaded

    def _read(self) -> Iterator[tuple[str, str]]:
        for upload in self.uploads.all(self.owner, self.id):
            try:
                packed = self.store.read_file(self.owner, self.id, upload.name)
            except FileMissing:
                logger.warning("a file that is listed is not there")
                continue
            yield upload.name, base64.b64encode(packed).decode("ascii")
