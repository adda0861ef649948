"""Several functions in one answer, by the meta function: the meeting over the handler of chat."""

import json

import pytest

from functions.chat.model import ModelBroken
from tests.support.fake_model import call, calls
from tests.support.meeting import (
    HINT,
    ITEMS,
    KNOWN,
    QUESTION,
    Meeting,
    current,
    initial,
    operation,
    processor,
    runs,
)

SET_DATE = operation("set_item", "date", "明日15時")
ASK = operation("ask_next_item", "place")
DONE = operation("completed_items")
WHERE = "場所はどこですか?"


@pytest.fixture
def meeting(backend):
    return Meeting.begun(backend)


def results(message):
    return json.loads(message["content"])["results"]


def names_logged(caplog):
    return [word for word in caplog.messages if word.startswith("function called: ")]


def test_mf_01_to_05_the_meta_function_is_sent_as_the_manifest_means_it(meeting):
    [tool] = meeting.backend.model.asked[0].tools
    item = {
        "type": "object",
        "properties": {
            "name": {
                "type": "string",
                "description": "name of the operation. execute as per chat_processer's description",
                "enum": ["set_item", "ask_next_item", "completed_items"],
            },
            "args": {
                "type": "object",
                "properties": {
                    "key": {
                        "type": "string",
                        "description": "key of user_items. when call 'ask_next_item', "
                        "select in order from the enum.",
                        "enum": ["date", "place", "participant", "agenda"],
                    },
                    "value": {"type": "string", "description": "value of key"},
                },
                "required": ["key"],
            },
        },
        "required": ["args"],
        "description": "it contains the operation to be performed to complete user_items",
    }
    assert tool == {
        "type": "function",
        "function": {
            "name": "chat_processor",
            "description": " - 'set_item: set into 'user_items'. "
            "- 'ask_next_item': ask user to set new item. "
            "- 'completed_items': called when user_items is completed\" ",
            "parameters": {
                "type": "object",
                "properties": {"operations": {"type": "array", "items": item}},
            },
        },
    }


def test_mf_06_07_the_first_request_is_the_system_message_alone_with_nothing_known(meeting):
    assert meeting.sent(0) == [{"role": "system", "content": initial()}]
    assert meeting.state() == ITEMS


def test_mf_08_the_prompt_holds_the_five_rules(meeting):
    [system] = meeting.sent(0)
    for rule in (
        "会話は必ず日本語",
        "一度に1つずつ質問する",
        "必ず set_item と ask_next_item を実行する",
        "発言が一つもない段階ではまず質問する",
        "勝手に決めつけない",
        "assistantのcontentにfunction_callのようなjsonを絶対に含めない",
    ):
        assert rule in system["content"]


def test_mf_09_the_agent_speaks_first_and_nothing_is_set(meeting):
    [turn] = meeting.backend.turns(meeting.id)
    assert (turn["message"], turn["reply"], turn["tool_calls"]) == ("", QUESTION, [])
    assert meeting.state() == ITEMS


def test_mf_10_each_answer_is_sent_with_the_hint_and_shown_without_it(meeting):
    meeting.told("明日15時", runs(SET_DATE, ASK), WHERE)
    meeting.told("会議室A", "はい。")
    said = [one["content"] for one in meeting.sent() if one["role"] == "user"]
    assert said == [f"明日15時{HINT}", f"会議室A{HINT}"]
    assert [turn["message"] for turn in meeting.backend.turns(meeting.id)] == [
        "",
        "明日15時",
        "会議室A",
    ]


def test_mf_11_both_operations_of_one_answer_run_in_order_and_are_logged(meeting, caplog):
    turn = meeting.told("明日15時", runs(SET_DATE, ASK), WHERE)
    assert turn["reply"] == WHERE
    assert meeting.state() == {**ITEMS, "date": "明日15時"}
    [first, second] = results(meeting.sent()[-1])
    assert (first["status"], second["key"]) == ("set", "place")
    assert names_logged(caplog) == [
        "function called: set_item",
        "function called: ask_next_item",
    ]


def test_mf_12_13_what_is_known_replaces_the_system_message_and_nothing_else(meeting):
    meeting.told("明日15時", runs(SET_DATE, ASK), WHERE)
    before, after = meeting.sent(1), meeting.sent(2)
    assert before[0]["content"] == initial()
    assert after[0]["content"] == current(date="明日15時")
    assert after[1 : len(before)] == before[1:]
    assert [one["role"] for one in after].count("system") == 1


def test_mf_12_a_question_alone_changes_nothing_that_is_known(meeting):
    meeting.told("えっと", runs(ASK), QUESTION)
    assert meeting.sent()[0]["content"] == initial()


def test_mf_14_a_question_is_one_more_request_with_what_is_known_now(meeting):
    meeting.told("明日15時", runs(SET_DATE, ASK), WHERE)
    assert len(meeting.backend.model.asked) == 3


def test_mf_15_16_the_last_item_and_completion_end_the_turn_with_every_value(meeting):
    first = [operation("set_item", key, KNOWN[key]) for key in ("date", "place", "participant")]
    meeting.told("全部言います", runs(*first, operation("ask_next_item")), "議題は?")
    asked = len(meeting.backend.model.asked)
    turn = meeting.told("予算", runs(operation("set_item", "agenda", "予算"), DONE))
    assert len(meeting.backend.model.asked) == asked + 1
    assert turn["status"] == "completed"
    assert all(value in turn["reply"] for value in KNOWN.values())
    [one] = turn["tool_calls"]
    assert one["status"] == "succeeded"
    assert json.loads(one["result"])["results"][1]["items"] == KNOWN
    assert meeting.state() == KNOWN


def test_mf_17_one_answer_at_a_time_fills_the_items_in_their_order(meeting):
    keys = list(KNOWN)
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        one = operation("set_item", key, KNOWN[key])
        if following is None:
            turn = meeting.told(KNOWN[key], runs(one, DONE))
        else:
            turn = meeting.told(
                KNOWN[key], runs(one, operation("ask_next_item")), f"{following} は?"
            )
            assert results(meeting.sent()[-1])[1]["key"] == following
    assert turn["turn"] == 5
    assert meeting.state() == KNOWN


def test_mf_18_several_values_of_one_sentence_all_apply(meeting):
    several = [SET_DATE, operation("set_item", "place", "会議室A"), operation("ask_next_item")]
    meeting.told("明日15時に会議室Aで", runs(*several), "参加者は?")
    assert meeting.state() == {**ITEMS, "date": "明日15時", "place": "会議室A"}
    assert results(meeting.sent()[-1])[2]["key"] == "participant"


def test_mf_19_a_correction_overwrites(meeting):
    meeting.told("明日15時", runs(SET_DATE, ASK), WHERE)
    meeting.told("やはり金曜日", runs(operation("set_item", "date", "金曜日"), ASK), WHERE)
    assert meeting.state()["date"] == "金曜日"
    assert meeting.sent()[0]["content"] == current(date="金曜日")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (operation("delete_item", "date"), "delete_item"),
        (operation("set_item", "color", "x"), "color"),
        (operation("set_item", "date"), "no value for date"),
        ({"args": {"key": "date"}}, "has no name"),
        ("set_item", "must be an object"),
    ],
    ids=["mf_20", "mf_21_key", "mf_21_value", "no name", "no object"],
)
def test_mf_20_21_29_a_bad_operation_is_told_and_hides_no_other(meeting, bad, said):
    turn = meeting.told("明日15時", runs(bad, SET_DATE), "もう一度お願いします。")
    first, second = results(meeting.sent()[-1])
    assert said in first["error"]
    assert second["status"] == "set"
    assert meeting.state() == {**ITEMS, "date": "明日15時"}
    assert turn["reply"] == "もう一度お願いします。"


@pytest.mark.parametrize("arguments", ["{}", '{"operations": []}', '{"operations": {}}', ""])
def test_mf_22_no_operations_is_reported_and_the_model_asks_again(meeting, arguments):
    turn = meeting.told("?", calls(call(arguments, name="chat_processor")), QUESTION)
    assert turn["reply"] == QUESTION
    assert "Nothing was run" in meeting.sent()[-1]["content"]
    assert meeting.state() == ITEMS


def test_mf_23_completion_with_a_gap_is_refused_and_names_it(meeting):
    turn = meeting.told("終わり", runs(SET_DATE, DONE), WHERE)
    assert "place, participant, agenda" in results(meeting.sent()[-1])[1]["error"]
    assert (turn["status"], turn["reply"]) == ("completed", WHERE)


def test_mf_24_words_beside_a_call_are_shown_before_what_follows(meeting):
    turn = meeting.told("明日15時", runs(SET_DATE, ASK, words="承知しました。"), WHERE)
    assert turn["reply"].index("承知しました。") < turn["reply"].index(WHERE)
    assert meeting.state()["date"] == "明日15時"
    assistant = next(one for one in meeting.sent() if one.get("tool_calls"))
    assert assistant["content"] == "承知しました。"


def test_mf_25_operations_after_a_question_run_in_the_order_of_the_array(meeting):
    turn = meeting.told("明日15時", runs(ASK, SET_DATE), WHERE)
    assert [one["name"] for one in results(meeting.sent()[-1])] == ["ask_next_item", "set_item"]
    assert meeting.state()["date"] == "明日15時"
    assert turn["reply"] == WHERE


def test_mf_26_a_model_that_only_asks_on_is_stopped_and_the_conversation_says_so(meeting):
    turn = meeting.told("?", *[runs(ASK)] * 8)
    assert "limit of model calls" in turn["reply"]
    assert (turn["status"], len(meeting.backend.model.asked)) == ("completed", 9)


def test_mf_31_broken_json_is_reported_and_what_is_known_is_kept(meeting):
    meeting.told("明日15時", runs(SET_DATE, ASK), WHERE)
    broken = calls(call("{bad", name="chat_processor"), processor(ASK))
    meeting.told("会議室A", broken, WHERE)
    assert "not valid JSON" in meeting.sent()[-2]["content"]
    assert meeting.state()["date"] == "明日15時"


def test_mf_31_a_model_that_fails_is_reported_and_what_is_known_is_kept(meeting):
    meeting.told("明日15時", runs(SET_DATE, ASK), WHERE)
    failed = meeting.hears("会議室A", ModelBroken())
    assert failed.status == 502
    place = operation("set_item", "place", "会議室A")
    meeting.told("会議室A", runs(place, operation("ask_next_item")), "参加者は?")
    assert meeting.sent()[0]["content"] == current(date="明日15時", place="会議室A")
