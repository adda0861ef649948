"""The bucket of notebooks: nothing that was stored is lost, nothing grows without an end, nobody reads another's."""

from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import new_id
from functions.shared.notebook import (
    MOST_CELLS,
    NOT_KEPT,
    Notebook,
    NotebookChanged,
    NotebookFull,
    Snapshot,
)
from functions.shared.notebook_store import (
    NOTEBOOK_BYTES,
    OUTPUTS_NOT_KEPT,
    FileMissing,
    FileStands,
)
from tests.support.account import NOTEBOOKS
from tests.support.asked_aws import asked_of_aws
from tests.support.notebooks import cell, png, raises, shows, store, value, writes

OWNER, OTHER = "owner", "other"


@pytest.fixture
def here(account):
    return new_id()


def appended(here, *cells):
    notebook = store().read(OWNER, here)
    for one in cells:
        notebook = store().append(OWNER, here, notebook, one)
    return notebook


def keys():
    return sorted(
        one["Key"] for one in client("s3").list_objects_v2(Bucket=NOTEBOOKS).get("Contents", ())
    )


def test_a_conversation_without_cells_has_an_empty_notebook(here):
    assert store().read(OWNER, here) == Notebook()


def test_cells_are_read_as_they_were_appended(here):
    cells = (
        cell("call_1", "print('数')", text="数\n", outputs=[writes("数\n")]),
        cell("call_2", "1/0", text="…", outputs=[raises()], status="failed"),
        cell("call_3", outputs=[shows(png()), value("2")], kind="module"),
    )
    notebook = appended(here, *cells)
    assert notebook.cells == cells
    assert store().read(OWNER, here) == notebook
    assert [one.has_failed for one in notebook.cells] == [False, True, False]
    assert notebook.cell("call_2") == cells[1]
    assert notebook.cell("call_9") is None
    assert notebook.code_cells() == cells[:2]


def test_reading_and_appending_are_one_request_each(here):
    with asked_of_aws() as asked:
        notebook = store().read(OWNER, here)
        notebook = store().append(OWNER, here, notebook, cell("call_1"))
        store().append(OWNER, here, notebook, cell("call_2"))
    assert asked == ["s3:GetObject", "s3:PutObject", "s3:PutObject"]


def test_a_notebook_is_as_large_as_what_it_holds(here):
    appended(here, cell("c", "x", text="t", outputs=[writes("o")]))
    [stored] = client("s3").list_objects_v2(Bucket=NOTEBOOKS)["Contents"]
    written = (
        b'{"v":1,"cells":[{"call_id":"c","agent":"analyst","function":"run_python_code","source":"x",'
        b'"status":"succeeded","text":"t","outputs":[{"output_type":"stream","name":"stdout","text":"o"}],'
        b'"at":"2026-11-21T03:00:00Z","kind":"notebook"}]}'
    )
    found = client("s3").get_object(Bucket=NOTEBOOKS, Key=stored["Key"])["Body"].read()
    assert (found, stored["Size"]) == (written, len(written))
    assert stored["Key"] == f"{OWNER}/{here}/notebook.json"


def test_another_owner_finds_nothing(here):
    appended(here, cell("call_1"))
    store().write_file(OWNER, here, "a.csv", b"packed")
    assert store().read(OTHER, here) == Notebook()
    with pytest.raises(FileMissing):
        store().read_file(OTHER, here, "a.csv")
    store().forget(OTHER, here)
    assert store().read(OWNER, here).cells == (cell("call_1"),)
    assert store().read_file(OWNER, here, "a.csv") == b"packed"


def test_of_two_that_begin_a_notebook_at_once_one_is_told_to_read_again(here):
    first, second = store().read(OWNER, here), store().read(OWNER, here)
    store().append(OWNER, here, first, cell("call_1"))
    with pytest.raises(NotebookChanged):
        store().append(OWNER, here, second, cell("call_2"))
    assert store().read(OWNER, here).cells == (cell("call_1"),)


def test_of_two_that_append_at_once_one_is_told_to_read_again(here):
    begun = appended(here, cell("call_1"))
    store().append(OWNER, here, begun, cell("call_2"))
    with pytest.raises(NotebookChanged):
        store().append(OWNER, here, begun, cell("call_3"))
    assert [one.call_id for one in store().read(OWNER, here).cells] == ["call_1", "call_2"]


def test_a_cell_is_not_appended_to_a_notebook_that_was_deleted_meanwhile(here):
    begun = appended(here, cell("call_1"))
    store().forget(OWNER, here)
    with pytest.raises(NotebookChanged):
        store().append(OWNER, here, begun, cell("call_2"))
    assert keys() == []


def test_half_a_character_is_stored_as_a_question_mark(here):
    appended(here, cell("call_1", text="a\ud800b", outputs=[writes("\udfff")]))
    [stored] = store().read(OWNER, here).cells
    assert (stored.text, stored.outputs[0]["text"]) == ("a?b", "?")


def test_numbers_that_json_does_not_have_are_read_as_nothing(here):
    data = {"application/json": [float("nan"), float("inf"), 1.5]}
    appended(here, cell("call_1", outputs=[value("x", **data)]))
    [stored] = store().read(OWNER, here).cells
    assert stored.outputs[0]["data"]["application/json"] == [None, None, 1.5]


def test_a_notebook_takes_400_cells_and_says_then_that_it_is_full(here):
    cells = tuple(cell(f"call_{number}") for number in range(MOST_CELLS))
    full = Notebook(cells=cells[:-1])
    assert not full.is_full
    last = store().append(OWNER, here, full, cells[-1])
    assert last.is_full
    assert len(store().read(OWNER, here).cells) == 400
    with pytest.raises(NotebookFull, match="at most 400 cells and 5 MB"):
        store().append(OWNER, here, last, cell("call_401"))


def filled(here, left):
    """A notebook with room for `left` bytes more."""
    empty = len('{"v":1,"cells":[]}') + len(sized(0))
    size = NOTEBOOK_BYTES - left - empty - 1
    return store().append(OWNER, here, Notebook(), filler(size))


def filler(size):
    return cell("call_0", "", text="x" * size)


def sized(size):
    from functions.shared.notebook_store import _written

    return _written(filler(size))


def stored_bytes():
    return client("s3").list_objects_v2(Bucket=NOTEBOOKS)["Contents"][0]["Size"]


def test_pictures_that_do_not_fit_are_told_the_largest_first(here):
    large, small = shows(png(b"x" * 9000)), shows(png())
    notebook = filled(here, 2000)
    notebook = store().append(OWNER, here, notebook, cell("call_1", outputs=[small, large, small]))
    kept = store().read(OWNER, here).cells[-1]
    assert kept == notebook.cells[-1]
    assert [one["data"].get("text/plain") for one in kept.outputs] == [
        "<Figure size 640x480 with 1 Axes>",
        NOT_KEPT,
        "<Figure size 640x480 with 1 Axes>",
    ]
    assert "image/png" not in kept.outputs[1]["data"]
    assert len(kept.pictures()) == 2
    assert stored_bytes() <= NOTEBOOK_BYTES


def test_outputs_that_do_not_fit_are_told_and_the_model_s_text_stays(here):
    notebook = filled(here, 1000)
    store().append(OWNER, here, notebook, cell("call_1", text="t", outputs=[writes("x" * 2000)]))
    kept = store().read(OWNER, here).cells[-1]
    assert (kept.source, kept.text) == ("1 + 1", "t")
    assert kept.outputs == (writes(OUTPUTS_NOT_KEPT, "stderr"),)
    assert stored_bytes() <= NOTEBOOK_BYTES


def test_a_cell_that_does_not_fit_without_outputs_is_refused(here):
    notebook = filled(here, 400)
    with pytest.raises(NotebookFull):
        store().append(OWNER, here, notebook, cell("call_1", "#" * 1000))
    assert store().read(OWNER, here) == notebook


def test_exactly_5_mb_fit(here):
    one_more = cell("call_1")
    from functions.shared.notebook_store import _written

    notebook = filled(here, len(_written(one_more)))
    store().append(OWNER, here, notebook, one_more)
    assert stored_bytes() == NOTEBOOK_BYTES


@pytest.mark.parametrize(
    ("mime", "content"),
    [
        ("image/png", b"\xff\xd8\xff\xe0 a jpeg"),
        ("image/jpeg", png()),
        ("image/png", b"<svg onload='alert(1)'>"),
        ("image/svg+xml", b"<svg/>"),
        ("image/gif", b"GIF89a"),
        ("text/html", png()),
        ("image/png", b""),
    ],
    ids=["jpeg as png", "png as jpeg", "svg as png", "svg", "gif", "html", "nothing"],
)
def test_what_does_not_begin_as_a_picture_is_none(mime, content):
    assert cell("call_1", outputs=[shows(content, mime)]).pictures() == ()


@pytest.mark.parametrize(
    "part", ["no base64!", "====", 7, None, ["aGk=", 7], {"a": 1}, "aGk=\ud800"], ids=ascii
)
def test_a_picture_that_cannot_be_read_is_none(part):
    output = {"output_type": "display_data", "metadata": {}, "data": {"image/png": part}}
    assert cell("call_1", outputs=[output]).pictures() == ()


@pytest.mark.parametrize("data", [None, "text", ["image/png"]])
def test_an_output_without_data_shows_nothing(data):
    assert cell("call_1", outputs=[{"output_type": "display_data", "data": data}]).pictures() == ()


def test_a_picture_written_in_lines_is_read(here):
    output = shows(png())
    text = output["data"]["image/png"]
    output["data"]["image/png"] = [text[:10] + "\n", text[10:]]
    [picture] = cell("call_1", outputs=[writes("a"), output]).pictures()
    assert (picture.number, picture.mime, picture.content) == (1, "image/png", png())
    assert picture.alt == "<Figure size 640x480 with 1 Axes>"


def test_pictures_are_numbered_from_one_and_their_words_are_short():
    jpeg = shows(b"\xff\xd8\xff\xe0", "image/jpeg", alt="a" * 500)
    first, second = cell("call_1", outputs=[shows(png()), raises(), jpeg]).pictures()
    assert (first.number, second.number, second.mime) == (1, 2, "image/jpeg")
    assert second.alt == "a" * 200


def test_a_snapshot_is_given_back_for_the_notebook_it_was_taken_of(here):
    assert store().snapshot(OWNER, here, Notebook()) is None
    notebook = appended(here, cell("call_1"), cell("call_2", kind="module"), cell("call_3"))
    snapshot = Snapshot(cells=2, content="names")
    store().keep_snapshot(OWNER, here, notebook, snapshot)
    assert store().snapshot(OWNER, here, notebook) == snapshot
    longer = store().append(OWNER, here, notebook, cell("call_4"))
    assert store().snapshot(OWNER, here, longer) == snapshot
    assert store().snapshot(OTHER, here, longer) is None


def test_a_snapshot_of_other_cells_is_not_given(here):
    notebook = appended(here, cell("call_1"), cell("call_2"))
    store().keep_snapshot(OWNER, here, notebook, Snapshot(cells=2, content="names"))
    other = replace(notebook, cells=(cell("call_1"), cell("call_3")))
    shorter = replace(notebook, cells=(cell("call_1"),))
    assert store().snapshot(OWNER, here, other) is None
    assert store().snapshot(OWNER, here, shorter) is None
    assert store().snapshot(OWNER, here, Notebook()) is None


def test_a_file_is_kept_once_until_it_is_removed(here):
    version = store().write_file(OWNER, here, "数 a.csv", b"one")
    with pytest.raises(FileStands, match="数 a.csv"):
        store().write_file(OWNER, here, "数 a.csv", b"two")
    assert store().read_file(OWNER, here, "数 a.csv") == b"one"
    store().remove_file(OWNER, here, "数 a.csv", version)
    with pytest.raises(FileMissing):
        store().read_file(OWNER, here, "数 a.csv")
    store().remove_file(OWNER, here, "数 a.csv", version)
    assert keys() == []


def test_a_file_that_was_written_again_is_not_removed_by_who_knew_the_old_one(here):
    old = store().write_file(OWNER, here, "a.csv", b"one")
    store().remove_file(OWNER, here, "a.csv", old)
    store().write_file(OWNER, here, "a.csv", b"two")
    store().remove_file(OWNER, here, "a.csv", old)
    assert store().read_file(OWNER, here, "a.csv") == b"two"


def later(minutes):
    from functions.shared.identifiers import utc_now

    return lambda: utc_now() + timedelta(minutes=minutes)


def test_what_an_upload_that_broke_off_left_behind_is_written_over(here):
    store().write_file(OWNER, here, "a.csv", b"broke off")
    with pytest.raises(FileStands):
        store(later(4)).write_file(OWNER, here, "a.csv", b"whole")
    store(later(6)).write_file(OWNER, here, "a.csv", b"whole")
    assert store().read_file(OWNER, here, "a.csv") == b"whole"


def test_everything_of_a_conversation_is_forgotten_and_nothing_else(here):
    notebook = appended(here, cell("call_1"))
    store().keep_snapshot(OWNER, here, notebook, Snapshot(cells=1, content="names"))
    store().write_file(OWNER, here, "a.csv", b"one")
    other = new_id()
    store().write_file(OWNER, other, "a.csv", b"two")
    with asked_of_aws() as asked:
        store().forget(OWNER, here)
    assert asked == ["s3:ListObjectsV2", "s3:DeleteObjects"]
    assert keys() == [f"{OWNER}/{other}/files/a.csv.gz"]
    store().forget(OWNER, here)


@pytest.mark.exhaustive
def test_more_than_a_page_of_objects_is_forgotten(here):
    for number in range(1001):
        client("s3").put_object(Bucket=NOTEBOOKS, Key=f"{OWNER}/{here}/files/{number}", Body=b"")
    store().forget(OWNER, here)
    assert keys() == []


def failing(error):
    class Failing:
        def __getattr__(self, _):
            def fail(**_):
                raise error

            return fail

    from functions.shared.notebook_store import NotebookStore

    return NotebookStore(Failing, NOTEBOOKS)


def refusal(code, status):
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutObject")


def uses():
    some = Notebook(cells=(cell("call_1"),), version='"v"')
    return {
        "read": lambda one: one.read(OWNER, "c"),
        "append": lambda one: one.append(OWNER, "c", some, cell("call_2")),
        "snapshot": lambda one: one.snapshot(OWNER, "c", some),
        "keep_snapshot": lambda one: one.keep_snapshot(
            OWNER, "c", some, Snapshot(cells=1, content="")
        ),
        "read_file": lambda one: one.read_file(OWNER, "c", "a.csv"),
        "write_file": lambda one: one.write_file(OWNER, "c", "a.csv", b""),
        "remove_file": lambda one: one.remove_file(OWNER, "c", "a.csv", "v"),
        "forget": lambda one: one.forget(OWNER, "c"),
    }


@pytest.mark.parametrize("use", uses())
@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("InternalError", 500)])
def test_an_error_of_the_moment_is_worth_another_try(use, code, status):
    with pytest.raises(TemporarilyUnavailable):
        uses()[use](failing(refusal(code, status)))


@pytest.mark.parametrize("use", uses())
@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket"])
def test_an_error_that_stays_is_not_taken_for_an_absent_object(use, code):
    with pytest.raises(ClientError):
        uses()[use](failing(refusal(code, 403)))


def test_what_could_not_be_removed_is_told(here, monkeypatch):
    class Keeping:
        def list_objects_v2(self, **_):
            return {"Contents": [{"Key": "one"}], "IsTruncated": False}

        def delete_objects(self, **_):
            return {"Errors": [{"Key": "one", "Code": "InternalError"}]}

    from functions.shared.notebook_store import NotebookStore

    with pytest.raises(TemporarilyUnavailable, match="InternalError"):
        NotebookStore(Keeping, NOTEBOOKS).forget(OWNER, here)
