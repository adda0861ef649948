"""Messages and data URLs: exact where SlashGPT is exact, and nothing a value says adds a line of its own."""

import csv
import io
import json
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.placeholders import MissingValue
from functions.shared.text_actions import BadText, data_url_text, message_text

CALENDAR = "BEGIN:VEVENT\nDTSTART:{start}\nSUMMARY:{summary}\nDESCRIPTION:{words}\nEND:VEVENT"
EVENT = {"start": "20230704T200000Z", "summary": "Lunch", "words": "With Tim"}
SPECIAL = "東京 & 大阪=100% /a/../b?x#y \"q\" 'r' {z} +1;,\\n"
BREAKS = ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


def document(template, arguments, *, mime_type="text/calendar", escape=False):
    """What the address holds."""
    values = {"template": template, "mime_type": mime_type, "message": "{url}", "escape": escape}
    text = data_url_text(values, arguments)
    head = f"data:{mime_type};charset=utf-8,"
    assert text.startswith(head)
    return unquote_plus(text.removeprefix(head))


def unfolded(text):
    return text.replace("\n ", "")


def test_sg_08_a_message_writes_a_list_as_python_does():
    template = {"message": "Success. The invitation was sent to {recipients}"}
    text = message_text(template, {"recipients": ["tim@apple.com"]})
    assert text == "Success. The invitation was sent to ['tim@apple.com']"


def test_a_message_inserts_a_value_as_it_is_and_never_reads_it_again():
    assert (
        message_text({"message": "{a}{{b}}"}, {"a": "{b} {a.__class__}"}) == "{b} {a.__class__}{b}"
    )


def test_a_value_that_is_missing_is_named():
    with pytest.raises(MissingValue, match="amount"):
        message_text({"message": "{amount}g"}, {})


def test_sg_07_a_data_url_is_percent_encoded_and_put_into_the_message():
    values = {
        "template": CALENDAR,
        "mime_type": "text/calendar",
        "message": "{{ 'result':'Success', 'link': '{url}' }}",
    }
    assert data_url_text(values, EVENT) == (
        "{ 'result':'Success', 'link': 'data:text/calendar;charset=utf-8,BEGIN%3AVEVENT%0A"
        "DTSTART%3A20230704T200000Z%0ASUMMARY%3ALunch%0ADESCRIPTION%3AWith+Tim%0AEND%3AVEVENT' }"
    )


def test_signs_of_a_value_stand_as_they_are_in_slashgpts_format():
    text = document(CALENDAR, {**EVENT, "summary": SPECIAL})
    assert f"\nSUMMARY:{SPECIAL}\n" in text


def test_text_properties_are_escaped_whole_where_the_manifest_is_ours():
    text = document(CALENDAR, {**EVENT, "summary": "a;b,c\\d"}, escape=True)
    assert "\nSUMMARY:a\\;b\\,c\\\\d\n" in text
    assert "\nDTSTART:20230704T200000Z\n" in text


@pytest.mark.parametrize("mark", BREAKS, ids=ascii)
@pytest.mark.parametrize("escape", [False, True])
def test_g2_no_value_adds_a_line_to_a_calendar(mark, escape):
    hostile = f"Lunch{mark}ATTENDEE:mailto:eve@example.com{mark}END:VEVENT{mark}BEGIN:VEVENT"
    text = document(CALENDAR, dict.fromkeys(EVENT, hostile), escape=escape)
    assert [line.split(":")[0] for line in unfolded(text).splitlines()] == [
        "BEGIN",
        "DTSTART",
        "SUMMARY",
        "DESCRIPTION",
        "END",
    ]
    assert "SUMMARY:Lunch\\nATTENDEE" in unfolded(text)


@given(st.text(), st.booleans())
def test_g2_whatever_a_value_says_a_calendar_keeps_its_lines(value, escape):
    text = document(CALENDAR, dict.fromkeys(EVENT, value), escape=escape)
    lines = text.split("\n")
    assert all(len(line.encode("utf-8", "replace")) <= 75 for line in lines)
    begun = [line for line in lines if not line.startswith(" ")]
    assert [line.split(":")[0] for line in begun] == [
        "BEGIN",
        "DTSTART",
        "SUMMARY",
        "DESCRIPTION",
        "END",
    ]


def test_g2_long_lines_are_folded_between_characters():
    text = document(CALENDAR, {**EVENT, "summary": "会議" * 60})
    assert max(len(line.encode()) for line in text.split("\n")) <= 75
    assert f"SUMMARY:{'会議' * 60}" in unfolded(text)


def test_g2_a_rule_cannot_be_smuggled_into_a_date():
    text = document(CALENDAR, {**EVENT, "start": "20230704\nRRULE:FREQ=SECONDLY"})
    assert not [line for line in text.splitlines() if line.startswith("RRULE")]


def test_g2_a_value_stays_in_its_column():
    hostile = ['a,b";c', "=HYPERLINK(1)", "two\nlines", "@x", "-1+cmd|x", "-12.5"]
    rows = "".join(f"{{v{number}}},end\n" for number in range(len(hostile)))
    values = {f"v{number}": value for number, value in enumerate(hostile)}
    read = list(csv.reader(io.StringIO(document(rows, values, mime_type="text/csv"))))
    assert [row[0] for row in read] == [
        'a,b";c',
        "'=HYPERLINK(1)",
        "two\nlines",
        "'@x",
        "'-1+cmd|x",
        "-12.5",
    ]
    assert all(len(row) == 2 for row in read)


@given(st.text() | st.integers() | st.booleans() | st.lists(st.text()))
def test_g2_a_value_stays_in_its_member(value):
    is_text = isinstance(value, str)
    template = '{{"a": "{a}", "b": 1}}' if is_text else '{{"a": {a}, "b": 1}}'
    text = document(template, {"a": value}, mime_type="application/json")
    if not is_text or value.isprintable():
        assert json.loads(text) == {"a": value, "b": 1}


@pytest.mark.parametrize(
    "mime_type",
    [
        "text/html",
        "TEXT/HTML",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/javascript",
        "application/x-sh",
        "text/calendar,<script>",
        "text/calendar;x",
        "text/plain\nx",
        "file:",
    ],
)
def test_g3_a_type_that_could_run_somewhere_is_refused(mime_type):
    values = {"template": "{a}", "mime_type": mime_type, "message": "{url}"}
    with pytest.raises(BadText, match="is not made here"):
        data_url_text(values, {"a": "<script>alert(1)</script>"})


@pytest.mark.parametrize("value", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x"])
def test_g3_an_address_in_a_value_is_only_text_of_the_document(value):
    values = {"template": "{a}", "mime_type": "text/plain", "message": "{url}"}
    text = data_url_text(values, {"a": value})
    assert text.startswith("data:text/plain;charset=utf-8,")
    assert value not in text
