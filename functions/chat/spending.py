"""What a turn may use: one conditional update before the model, settled in the turn's own transaction.

Nothing is given back: a turn that failed was a turn, and what its model calls used is counted. A model service that
does not tell what it used is counted by its bytes, so that hiding it costs nothing less.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.chat.model import (
    NO_OPTIONS,
    Answer,
    ChatModel,
    ModelBadAnswer,
    ModelBroken,
    ModelTimeout,
)
from functions.shared.aws import while_busy
from functions.shared.budgets import (
    DAY_KEPT_SECONDS,
    OPEN_KEPT_SECONDS,
    below,
    counted,
    day_key,
    free_again,
    kept,
    open_key,
)
from functions.shared.errors import TooMany
from functions.shared.identifiers import timestamp
from functions.shared.observe import BUDGETS_USED, count, logger

BYTES_PER_TOKEN = 4
_COSTLY = (ModelTimeout, ModelBroken, ModelBadAnswer)
"""Failures after which the service may have worked all the same."""


class BudgetUsed(TooMany):
    code = "budget_used"

    def __init__(self, budget: str, sentence: str, now: datetime) -> None:
        free_at = free_again(now)
        seconds = math.ceil((free_at - now).total_seconds())
        super().__init__(
            sentence,
            extra={"budget": budget, "free_at": timestamp(free_at)},
            headers={"Retry-After": str(seconds)},
        )


@dataclass(frozen=True, slots=True)
class Day:
    """What one person has used today."""

    turns: int = 0
    tokens: int = 0
    approvals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatBudgets:
    """The limits of one person, and the table; without a table's name there are none."""

    client: Any
    table: str
    turns: int
    tokens: int
    approvals: int
    open_approvals: int

    def take_turn(self, sub: str, now: datetime, *, again: bool = False) -> Day:
        """Use one of today's turns and learn what is used; `again` is a stored turn that runs anew, which uses none.

        Raises `BudgetUsed`.
        """
        turns, names, values = below("turns", self.turns + (1 if again else 0))
        tokens, more_names, more_values = below("tokens", self.tokens)
        used = {
            ":turn": {"N": "0" if again else "1"},
            ":after": kept(now, DAY_KEPT_SECONDS),
            **values,
            **more_values,
        }
        try:
            answer = self._update(
                Key={"pk": {"S": day_key(sub, now)}},
                UpdateExpression="ADD #turns :turn SET delete_after = :after",
                ConditionExpression=f"{turns} AND {tokens}",
                ExpressionAttributeNames={**names, **more_names},
                ExpressionAttributeValues=used,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            raise self._used_up(sub, _day(error.response.get("Item", {})), now) from error
        return _day(answer["Attributes"])

    def today(self, sub: str, now: datetime) -> Day:
        """What is used today, without using more."""
        return _day(self._item(day_key(sub, now)))

    def why_not_asked(self, sub: str, day: Day) -> str:
        """The sentence for a person whose requests must wait; empty where one more may be made."""
        nothing = "so nobody was asked and nothing was started"
        if day.approvals >= self.approvals:
            used = counted(self.approvals, "request", "requests")
            return (
                f"You have used today's budget of {used} for approval, {nothing}; "
                "there is a new one from 00:00 UTC."
            )
        if len(self._item(open_key(sub)).get("approvals", {}).get("SS", ())) >= self.open_approvals:
            still = counted(self.open_approvals, "request of yours is", "requests of yours are")
            return (
                f"{still} open, as many as may be at once, {nothing}; ask again when one has ended."
            )
        return ""

    def parts(
        self, sub: str, now: datetime, *, tokens: int, approval_id: str | None
    ) -> list[dict[str, Any]]:
        """What belongs into the turn's transaction: the tokens it used and the approval it made."""
        if not self.table or (not tokens and approval_id is None):
            return []
        added, conditions = {"tokens": tokens}, []
        names: dict[str, str] = {"#tokens": "tokens"}
        values: dict[str, Any] = {}
        if approval_id is not None:
            condition, more_names, values = below("approvals", self.approvals)
            added["approvals"] = 1
            names |= more_names
            conditions.append(condition)
        day = {
            "TableName": self.table,
            "Key": {"pk": {"S": day_key(sub, now)}},
            "UpdateExpression": "ADD "
            + ", ".join(f"#{name} :{name}" for name in added)
            + " SET delete_after = :after",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {
                **{f":{name}": {"N": str(number)} for name, number in added.items()},
                ":after": kept(now, DAY_KEPT_SECONDS),
                **values,
            },
            **({"ConditionExpression": " AND ".join(conditions)} if conditions else {}),
        }
        return [{"Update": day}, *([self._opened(sub, approval_id, now)] if approval_id else [])]

    def settle(self, sub: str, now: datetime, tokens: int) -> None:
        """Count tokens that no turn's write carries."""
        for part in self.parts(sub, now, tokens=tokens, approval_id=None):
            self._update(
                **{key: value for key, value in part["Update"].items() if key != "TableName"}
            )

    def _opened(self, sub: str, approval_id: str, now: datetime) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"pk": {"S": open_key(sub)}},
                "UpdateExpression": "ADD #approvals :this SET delete_after = :after",
                "ConditionExpression": "attribute_not_exists(#approvals) OR size(#approvals) < :max",
                "ExpressionAttributeNames": {"#approvals": "approvals"},
                "ExpressionAttributeValues": {
                    ":this": {"SS": [approval_id]},
                    ":max": {"N": str(self.open_approvals)},
                    ":after": kept(now, OPEN_KEPT_SECONDS),
                },
            }
        }

    def _used_up(self, sub: str, day: Day, now: datetime) -> BudgetUsed:
        if day.tokens >= self.tokens:
            budget, what = "tokens", counted(self.tokens, "token", "tokens") + " of the model"
        else:
            budget, what = "turns", counted(self.turns, "message", "messages")
        logger.info("a budget is used", budget=budget, person=sub)
        count(BUDGETS_USED)
        return BudgetUsed(
            budget,
            f"You have used today's budget of {what}; there is a new one from 00:00 UTC.",
            now,
        )

    def _item(self, key: str) -> Mapping[str, Any]:
        answer = self.client.get_item(
            TableName=self.table, Key={"pk": {"S": key}}, ConsistentRead=True
        )
        item: Mapping[str, Any] = answer.get("Item", {})
        return item

    def _update(self, **request: Any) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = while_busy(
            lambda: self.client.update_item(TableName=self.table, **request)
        )
        return answer


class Spending:
    """The spending of one turn; it is also the turn's model, so that no answer goes uncounted."""

    def __init__(self, budgets: ChatBudgets, model: ChatModel, sub: str) -> None:
        self._budgets = budgets
        self._model = model
        self._sub = sub
        self._day: Day | None = None
        self.tokens = 0

    def take_turn(self, now: datetime, *, again: bool) -> None:
        """Before the model: use a turn, once however often the turn is tried; raises `BudgetUsed`."""
        if self._budgets.table and self._day is None:
            self._day = self._budgets.take_turn(self._sub, now, again=again)

    def look(self, now: datetime) -> None:
        """Read what is used: for work in the background, and after a write that lost."""
        if self._budgets.table:
            self._day = self._budgets.today(self._sub, now)

    def has_tokens(self) -> bool:
        """Whether the model may be asked once more in this turn."""
        return self._day is None or self._day.tokens + self.tokens < self._budgets.tokens

    def why_not_asked(self) -> str:
        if self._day is None:
            return ""
        refusal = self._budgets.why_not_asked(self._sub, self._day)
        if refusal:
            logger.info("a budget is used", budget="approvals", person=self._sub)
            count(BUDGETS_USED)
        return refusal

    def parts(self, now: datetime, approval_id: str | None = None) -> list[dict[str, Any]]:
        return self._budgets.parts(self._sub, now, tokens=self.tokens, approval_id=approval_id)

    def settle(self, now: datetime) -> None:
        self._budgets.settle(self._sub, now, self.tokens)

    def answer(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Any,
        seconds: float,
        options: Mapping[str, Any] = NO_OPTIONS,
    ) -> Answer:
        """The model's answer, counted; so is a question whose answer was lost."""
        try:
            answer = self._model.answer(
                messages,
                tools=tools,
                tool_choice=tool_choice,
                seconds=seconds,
                options=options,
            )
        except _COSTLY:
            self.tokens += self._estimate(messages, tools)
            raise
        self.tokens += answer.tokens or self._estimate(
            messages, tools, answer.text, *(call.arguments for call in answer.calls)
        )
        return answer

    def _estimate(self, *parts: object) -> int:
        """By bytes, where there are budgets to count for."""
        if not self._budgets.table:
            return 0
        return sum(len(json.dumps(part).encode()) for part in parts) // BYTES_PER_TOKEN + 1


def _day(item: Mapping[str, Any]) -> Day:
    def number(name: str) -> int:
        return int(item.get(name, {}).get("N", 0))

    return Day(number("turns"), number("tokens"), number("approvals"))
