"""The meeting agent in a conversation: what the model says, and what it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.chat.model import Answer, RequestedCall
from tests.support.backend import Backend
from tests.support.chat_completions import check_valid
from tests.support.fake_model import call, calls
from tests.support.gateway import Answer as HttpAnswer

PROMPT = (
    " - あなたはユーザーにタスクを確認するボットです。ユーザーとの会話は必ず日本語おこなってください。"
    " - user_itemsにあるタスクについて、一度に1つずつ質問すること。例: 「会議はいつ行われますか?」"
    " - user_itemsが完了するまで、必ず set_item と ask_next_item を実行すること。"
    "ただし、userの発言が一つもない段階ではまず質問すること。"
    " - functionにどのような値を投入するか、勝手に決めつけないこと。"
    "ユーザーの要求があいまいな場合は、説明を求める質問をすること。"
    " - assistantのcontentにfunction_callのようなjsonを絶対に含めないこと "
)
ITEMS = {"date": "", "place": "", "participant": "", "agenda": ""}
KNOWN = {"date": "明日15時", "place": "会議室A", "participant": "田中", "agenda": "予算"}
QUESTION = "会議はいつ行われますか?"
HINT = "\n 他に確認することはありますか?"


def initial() -> str:
    """The system message before anything is known."""
    return f"{PROMPT}\n- 最初の user_items = {ITEMS}"


def current(**known: str) -> str:
    """The system message from then on."""
    return f"{PROMPT} 現在の user_items = { {**ITEMS, **known} }"


def operation(name: str, key: str | None = None, value: str | None = None) -> dict[str, Any]:
    """One operation as models write it."""
    args = {"key": key, "value": value}
    return {"name": name, "args": {name: one for name, one in args.items() if one is not None}}


def processor(*operations: object, id: str | None = None) -> RequestedCall:
    return call({"operations": list(operations)}, name="chat_processor", id=id)


def runs(*operations: object, words: str = "") -> Answer:
    """An answer with one call of the meta function."""
    return calls(processor(*operations), words=words)


@dataclass
class Meeting:
    """One conversation with the agent."""

    backend: Backend
    id: str
    agent: str = "meeting"

    @classmethod
    def begun(cls, backend: Backend, agent: str = "meeting") -> "Meeting":
        """The agent's first question stands."""
        backend.model.says(QUESTION)
        answer = backend.http("POST /chat", body={"agent": agent})
        assert (answer.status, answer.json["reply"]) == (200, QUESTION), answer.text
        return cls(backend, answer.json["conversation_id"], agent)

    def hears(self, message: str, *answers: Answer | Exception | str) -> HttpAnswer:
        """One turn of the person, answered by the model in this way."""
        self.backend.model.says(*answers)
        return self.backend.chat(message, conversation_id=self.id)

    def told(self, message: str, *answers: Answer | Exception | str) -> dict[str, Any]:
        answer = self.hears(message, *answers)
        assert answer.status == 200, answer.text
        assert not self.backend.model.queue, "the model was asked less often than the test expects"
        turn: dict[str, Any] = answer.json
        return turn

    def state(self) -> Mapping[str, Any]:
        """What is stored as known."""
        conversation = self.backend.conversation(self.id)
        assert conversation is not None
        slots: Mapping[str, Any] = conversation.turns[-1].state.get("slots", ITEMS)
        return slots

    def sent(self, index: int = -1) -> list[Mapping[str, Any]]:
        """The messages of a request; every one is a history that a service takes."""
        messages = self.backend.model.asked[index].messages
        check_valid(messages)
        return messages
