"""An approval to practise on: recorded and started as any other, for one approver, with nothing in it that runs."""

from datetime import datetime

from functions.chat.chat_deps import ChatDeps
from functions.shared.approval import Approval, Status
from functions.shared.identifiers import timestamp
from functions.shared.observe import logger
from functions.shared.plan import PlannedCall, canonical, digest_of, draft_of
from functions.shared.practice import ASKER, OPERATION, WORDS

CALL = PlannedCall(OPERATION, OPERATION, OPERATION, {}, {})


def practise(chat: ChatDeps, sub: str) -> str:
    """Ask this approver, and nobody else, to decide a practice; the approval's id.

    No turn and no budget stands behind it. Whether this person is an approver is judged when it is opened.
    """
    now, where = chat.clock(), chat.targets.first
    approval = practice_for(
        sub,
        approval_id=chat.new_id(),
        random=chat.new_id(),
        account=where.account,
        region=where.region,
        target=where.name,
        now=now,
    )
    logger.append_keys(approval_id=approval.id)
    chat.approvals.write(chat.approvals.put_items(approval, now))
    chat.workflow.start_or_leave(approval)
    logger.info("a practice was asked for", person=sub)
    return approval.id


def practice_for(
    sub: str,
    *,
    approval_id: str,
    random: str,
    account: str,
    region: str,
    target: str,
    now: datetime,
) -> Approval:
    """The record of a practice, before it is opened; ids and time are arguments."""
    draft = draft_of(
        calls=[CALL],
        account=account,
        region=region,
        target=target,
        requester=ASKER.sub,
        conversation_id="",
        turn=0,
        agent=OPERATION,
        manifest="",
        random=random,
    )
    text = canonical({**draft, "practice": sub})
    return Approval(
        id=approval_id,
        status=Status.PREPARING,
        version=1,
        digest=digest_of(text),
        plan=text,
        agent=OPERATION,
        conversation_id="",
        turn=0,
        requester=ASKER,
        request_words=WORDS,
        created_at=timestamp(now),
    )
