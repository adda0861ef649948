"""What a cell gives becomes a notebook's outputs and a text; whatever the messages say, no more than that."""

import base64
import json
import struct
import zlib

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.run_code.outputs import MOST_OUTPUTS, NOT_KEPT, Outputs


def png(width=3, height=2):
    """A PNG that names a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 10)), (b"IEND", b"")]
    raw = b"\x89PNG\r\n\x1a\n"
    for name, content in chunks:
        raw += struct.pack(">I", len(content)) + name + content
        raw += struct.pack(">I", zlib.crc32(name + content))
    return base64.b64encode(raw).decode()


def jpeg(width=3, height=2, marker=0xC0):
    """A JPEG's beginning up to the size that it names."""
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"\xff\xc0\0\0"
    frame = bytes([0xFF, marker]) + struct.pack(">HBHHB", 11, 8, height, width, 1)
    return base64.b64encode(b"\xff\xd8" + comment + frame + b"\0" * 8).decode()


def heard(*messages):
    outputs = Outputs()
    for kind, content in messages:
        outputs.hear(kind, content)
    return outputs


def shown(data, **more):
    return ("display_data", {"data": data, "metadata": {}, **more})


def printed(text, name="stdout"):
    return ("stream", {"name": name, "text": text})


def test_only_texts_and_pictures_are_carried_by_their_names_as_they_are_written():
    data = {
        "text/plain": "a",
        "text/html": "<script>alert(1)</script>",
        "image/svg+xml": "<svg onload='alert(1)'/>",
        "application/javascript": "alert(1)",
        "application/json": {"a": 1},
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "IMAGE/PNG": png(),
        "image/png ": png(),
        "image/png;x": png(),
        "text/HTML": "<b>",
        "../text/plain": "x",
        "": "x",
        "text/markdown": ["not", "a text"],
    }
    [output] = heard(shown(data)).recorded
    assert sorted(output["data"]) == ["image/svg+xml", "text/html", "text/plain"]
    assert output["data"]["image/svg+xml"] == "<svg onload='alert(1)'/>", "a text, as it came"


@pytest.mark.parametrize(
    ("mime", "content"),
    [("image/png", png()), ("image/jpeg", jpeg()), ("image/jpeg", jpeg(9, 9, 0xC2))],
)
def test_a_picture_is_carried(mime, content):
    outputs = heard(shown({mime: content, "text/plain": "<Figure>"}))
    assert outputs.recorded[0]["data"] == {mime: content, "text/plain": "<Figure>"}
    assert outputs.text() == "Done: 1 picture is shown."


@pytest.mark.parametrize(
    ("mime", "content"),
    [
        ("image/png", png(30_000, 30_000)),
        ("image/png", png(0, 5)),
        ("image/png", jpeg()),
        ("image/jpeg", png()),
        ("image/jpeg", jpeg(65_535, 65_535)),
        ("image/jpeg", base64.b64encode(b"\xff\xd8" + b"\xff\xd9" * 50).decode()),
        ("image/jpeg", base64.b64encode(b"\xff\xd8\xff\xe0\0\0" * 50).decode()),
        ("image/png", "<svg onload='alert(1)'/>"),
        ("image/png", "%%%"),
        ("image/png", "é"),
        ("image/png", png() + "A" * 800_000),
    ],
    ids=[
        "more than a browser shows",
        "no width",
        "JPEG as PNG",
        "PNG as JPEG",
        "JPEG too large",
        "JPEG without a size",
        "JPEG of segments without a length",
        "SVG as PNG",
        "not base64",
        "not ASCII",
        "a megabyte",
    ],
)
def test_what_is_no_picture_of_a_size_to_be_shown_is_a_sentence(mime, content):
    outputs = heard(shown({"text/plain": "<Figure>", mime: content}))
    [output] = outputs.recorded
    assert list(output["data"]) == ["text/plain"]
    assert "not shown" in output["data"]["text/plain"]
    assert outputs.text() == "Done"


def test_metadata_is_a_picture_s_size_and_nothing_else():
    sizes = {"width": 10, "height": float("inf"), "__proto__": {"x": 1}}
    metadata = {"image/png": sizes, "isolated": True, "text/html": {"x": "y" * 10_000}}
    [output] = heard(shown({"image/png": png()}, metadata=metadata)).recorded
    assert output["metadata"] == {"image/png": {"width": 10}}


def test_text_that_no_utf_8_can_write_is_mended():
    outputs = heard(printed("a\ud800b"), shown({"text/plain": "\udfff"}))
    json.dumps(outputs.recorded, ensure_ascii=False).encode()
    assert outputs.text() == "a?b"


def test_ten_thousand_outputs_are_a_thousand_and_a_word():
    outputs = heard(*[shown({"text/plain": str(number)}) for number in range(10_000)])
    assert len(outputs.recorded) == MOST_OUTPUTS + 1
    assert outputs.recorded[-1]["text"] == NOT_KEPT


def test_an_error_is_kept_where_nothing_else_is_any_more():
    lines = [printed("1\n"), printed("2\n", "stderr")] * 2000
    outputs = heard(*lines, ("error", {"ename": "E", "evalue": "v", "traceback": []}))
    assert len(outputs.recorded) == MOST_OUTPUTS + 2
    assert outputs.text().endswith("E: v\n")


def test_more_than_a_megabyte_is_a_word():
    outputs = heard(*[shown({"text/plain": "y" * 300_000}) for _ in range(5)])
    assert len(json.dumps(outputs.recorded)) < 1_000_000
    assert outputs.recorded[-1]["text"] == NOT_KEPT
    long = heard(printed("x" * 700_000), printed("x" * 700_000))
    assert len(json.dumps(long.recorded)) < 1_001_000


def test_what_is_cleared_is_gone_at_once_or_with_the_next_output():
    clear = ("clear_output", {"wait": False})
    wait = ("clear_output", {"wait": True})
    assert heard(printed("a"), clear).recorded == []
    assert heard(printed("a"), wait).recorded[0]["text"] == "a"
    assert [one["text"] for one in heard(printed("a"), wait, printed("b")).recorded] == ["b"]
    for _ in range(2):
        outputs = heard(*[message for _ in range(3000) for message in (printed("y" * 1000), clear)])
        assert outputs.recorded == []


def test_an_output_that_the_code_has_named_is_changed_in_its_place():
    named = {"transient": {"display_id": "bar"}}
    outputs = heard(
        shown({"text/plain": "0 %"}, **named),
        printed("between"),
        ("update_display_data", {"data": {"text/plain": "100 %"}, **named}),
        ("update_display_data", {"data": {"text/plain": "x"}, "transient": {"display_id": "?"}}),
    )
    assert [one.get("data") for one in outputs.recorded] == [{"text/plain": "100 %"}, None]
    nbformat.validate(as_notebook(outputs))


def test_changing_an_output_again_and_again_has_an_end():
    named = {"transient": {"display_id": "bar"}}
    change = ("update_display_data", {"data": {"text/plain": "y" * 100_000}, **named})
    outputs = heard(shown({"text/plain": "0 %"}, **named), *[change] * 100)
    assert len(json.dumps(outputs.recorded)) < 200_000


def test_the_end_of_an_error_is_told_however_much_was_printed_before():
    traceback = [f"line {number}" for number in range(20_000)]
    error = (
        "error",
        {"ename": "KeyError", "evalue": "'x'", "traceback": [*traceback, "KeyError: 'x'"]},
    )
    text = heard(printed("y" * 100_000), error).text()
    assert len(text.encode()) <= 16 * 1024
    assert text.startswith("yyy")
    assert text.endswith("KeyError: 'x'\n")


def as_notebook(outputs):
    cell = nbformat.v4.new_code_cell("", outputs=list(map(nbformat.from_dict, outputs.recorded)))
    return nbformat.v4.new_notebook(cells=[cell])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
KINDS = (
    "clear_output",
    "display_data",
    "error",
    "execute_result",
    "stream",
    "update_display_data",
    "comm_open",
)
MEMBERS = (
    "data",
    "ename",
    "evalue",
    "execution_count",
    "metadata",
    "name",
    "text",
    "traceback",
    "transient",
    "wait",
)
MESSAGES = st.tuples(
    st.sampled_from(KINDS) | st.text(max_size=5),
    st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=6)
    | st.fixed_dictionaries(
        {"data": st.dictionaries(st.sampled_from(["text/plain", "image/png", "x"]), ANYTHING)}
    ),
)


@given(st.lists(MESSAGES, max_size=8))
def test_whatever_is_said_the_outputs_make_a_notebook_that_can_be_written(messages):
    outputs = heard(*messages)
    nbformat.validate(as_notebook(outputs))
    json.dumps(outputs.recorded, ensure_ascii=False, allow_nan=False).encode()
    assert len(outputs.text().encode()) <= 16 * 1024
