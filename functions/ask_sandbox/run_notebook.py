"""A cell of a conversation's notebook: run after the cells before it, and kept once."""

from datetime import datetime
from typing import Any, Literal

from functions.ask_sandbox.answer import Answer, as_result, kept_outputs
from functions.ask_sandbox.call import Call, Result
from functions.ask_sandbox.code_files import AgentFiles
from functions.ask_sandbox.conversation import Conversation
from functions.ask_sandbox.failure import AWS, NOT_READ, CallFailed
from functions.ask_sandbox.sandbox import Sandbox
from functions.ask_sandbox.time_left import TimeLeft
from functions.ask_sandbox.told import log
from functions.shared.aws import error_code
from functions.shared.code_forms import NoCode, code_of
from functions.shared.identifiers import timestamp
from functions.shared.notebook import Cell, Notebook, NotebookChanged, NotebookFull, Snapshot
from functions.shared.observe import logger

RUNS = 2
"""A cell that came in between is run after: once."""
BUSY = "Other calls change this conversation's notebook just now; nothing of this call is kept. Call again."
NOT_KEPT = "The code ran, but its cell could not be kept, so that later cells would not know its names; call again."
ID_TAKEN = "A cell of this notebook has this call's id already, with other code; call again."


def run_notebook(
    sandbox: Sandbox,
    conversation: Conversation,
    call: Call,
    *,
    agent_id: str,
    operator: AgentFiles,
    time_left: TimeLeft,
    now: datetime,
) -> Result:
    """What the cell gave; a cell that stands is answered from the notebook. Raises `CallFailed` or `OutOfTime`."""
    try:
        source = code_of(call.function, call.arguments)
    except NoCode as error:
        raise CallFailed("no_code", str(error)) from error
    for _ in range(RUNS):
        notebook = _read(conversation)
        stands = notebook.cell(call.id)
        if stands is not None:
            return _as_stored(stands, call, source)
        if notebook.is_full:
            raise CallFailed(NotebookFull.code, str(NotebookFull()))
        run = sandbox.run(
            _event(conversation, notebook, source, operator),
            tenant=conversation.tenant,
            time_left=time_left,
        )
        log(call, "notebook", run)
        if not run.answer.is_cell:
            return Result("failed", as_result(run.answer.text))
        cell = _cell(call, agent_id, source, run.answer, now)
        try:
            kept = conversation.store.append(conversation.owner, conversation.id, notebook, cell)
        except NotebookChanged:
            logger.info("another cell came in between", call_id=call.id)
            continue
        except NotebookFull as full:
            raise CallFailed(full.code, str(full)) from full
        except AWS as error:
            logger.error("a cell was not kept", call_id=call.id, error=error_code(error))
            raise CallFailed("cell_not_kept", NOT_KEPT, will_pass=True) from error
        _keep_snapshot(conversation, kept, run.answer)
        return Result(cell.status, cell.text)
    raise CallFailed("notebook_busy", BUSY, will_pass=True)


def _read(conversation: Conversation) -> Notebook:
    try:
        return conversation.store.read(conversation.owner, conversation.id)
    except AWS as error:
        logger.error("a notebook cannot be read", error=error_code(error))
        raise CallFailed("notebook_unavailable", NOT_READ, will_pass=True) from error


def _as_stored(cell: Cell, call: Call, source: str) -> Result:
    """A model may use an id twice: only the same call is answered from the notebook."""
    if (cell.function, cell.source) != (call.function, source):
        raise CallFailed("id_taken", ID_TAKEN)
    return Result(cell.status, cell.text)


def _event(
    conversation: Conversation, notebook: Notebook, source: str, operator: AgentFiles
) -> dict[str, Any]:
    """Without its seconds; earlier cells go along without what they gave, since that is on record."""
    event: dict[str, Any] = {
        "v": 1,
        "kind": "notebook",
        "code": source,
        "cells": [_slim(cell) for cell in notebook.code_cells()],
        "files": conversation.files(operator),
    }
    snapshot = _snapshot(conversation, notebook)
    if snapshot is not None:
        event["snapshot"] = {"cells": snapshot.cells, "content": snapshot.content}
    return event


def _slim(cell: Cell) -> dict[str, Any]:
    return {
        "source": cell.source,
        **({"outputs": [{"output_type": "error"}]} if cell.has_failed else {}),
    }


def _snapshot(conversation: Conversation, notebook: Notebook) -> Snapshot | None:
    """Without it the cells are run again, which gives the same."""
    if not notebook.cells:
        return None
    try:
        return conversation.store.snapshot(conversation.owner, conversation.id, notebook)
    except AWS as error:
        logger.warning("a snapshot cannot be read", error=error_code(error))
        return None


def _cell(call: Call, agent_id: str, source: str, answer: Answer, now: datetime) -> Cell:
    status: Literal["succeeded", "failed"] = (
        "succeeded" if answer.status == "succeeded" else "failed"
    )
    return Cell(
        call_id=call.id,
        agent=agent_id,
        function=call.function,
        source=source,
        status=status,
        text=as_result(answer.text),
        outputs=kept_outputs(answer.outputs),
        at=timestamp(now),
    )


def _keep_snapshot(conversation: Conversation, notebook: Notebook, answer: Answer) -> None:
    """One that is not after the newest cell is not what was asked for."""
    taken = answer.taken_snapshot()
    if taken is None or taken.cells != len(notebook.code_cells()):
        return
    snapshot = Snapshot(cells=taken.cells, content=taken.content)
    try:
        conversation.store.keep_snapshot(conversation.owner, conversation.id, notebook, snapshot)
    except AWS as error:
        logger.warning("a snapshot was not kept", error=error_code(error))
