"""A table in the chat page, from the file to the plot and to Jupyter: in Chromium against the deployed stack."""

import io
import re

import nbclient
import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.visitor import DESKTOP, PHONE
from tests.story.python_story import CSV, HEAD, LOAD, PLOT, runs
from tests.support.exhaustive import one_of

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]

SIZES = {"phone": PHONE, "wide": DESKTOP}
NATURAL_WIDTH = "picture => picture.naturalWidth"
VOLATILE = ("id", "execution_count", "metadata")


@pytest.fixture
def story(python_story):
    """The stack that `visit` opens browsers before."""
    return python_story


def attaches(visitor, name="cities.csv", content=CSV):
    """Add a file by the paper clip, and wait until it is there."""
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    visitor.page.get_by_label("Add CSV or TSV files").set_input_files([file])
    expect(visitor.page.locator("#files-list")).to_contain_text(name)


def jupyters(text, folder):
    """The notebook as Jupyter's own client leaves it after running it in a folder."""
    notebook = nbformat.read(io.StringIO(text), as_version=4)
    for cell in notebook.cells:
        cell.outputs = []
    return nbclient.NotebookClient(
        notebook, resources={"metadata": {"path": str(folder)}}
    ).execute()


def shown(notebook):
    """What each cell gave, without what differs from run to run."""
    return [
        [{name: value for name, value in output.items() if name not in VOLATILE} for output in cell.outputs]
        for cell in notebook.cells
    ]  # fmt: skip


@pytest.mark.parametrize("name", one_of(SIZES))
def test_sg_11_a_table_is_added_looked_at_plotted_and_taken_to_jupyter(
    story, visit, name, tmp_path
):
    look = SIZES[name]
    story.model.answers(runs(*LOAD), {"text": "Three cities."})
    story.model.answers(runs(*PLOT), {"text": "Here they are."})
    alice = visit("alice", **look)
    page = alice.opens()
    page.locator(".agent-picker select").select_option("analyst")
    attaches(alice)
    alice.writes(f"Load the cities {story.mark}")
    expect(alice.last_turn()).to_contain_text("Three cities.")
    alice.writes("Plot them")
    last = alice.last_turn()
    expect(last).to_contain_text("Here they are.")
    picture = last.locator(".picture img")
    expect(picture).to_be_visible()
    page.wait_for_function(NATURAL_WIDTH, arg=picture.element_handle())
    assert picture.evaluate(NATURAL_WIDTH) > 300
    expect(picture).to_be_in_viewport()
    page.screenshot(path=tmp_path / "plot.png")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    card = page.locator(".turn").first.locator(".tool-card")
    card.locator("summary").first.click()
    expect(card).to_contain_text("pd.read_csv('cities.csv')")
    expect(card).to_contain_text(re.compile(r"Oslo\s+700"))

    with page.expect_download() as download:
        page.get_by_role("button", name="Download notebook").click()
    text = download.value.path().read_text()
    assert download.value.suggested_filename.endswith(".ipynb")
    recorded = nbformat.reads(text, as_version=4)
    assert [cell.source.splitlines() for cell in recorded.cells] == [list(LOAD), list(PLOT)]
    assert recorded.cells[0].outputs[0]["data"]["text/plain"] == HEAD
    (tmp_path / "cities.csv").write_bytes(CSV)
    assert shown(jupyters(text, tmp_path)) == shown(recorded)


def test_a_conversation_that_is_opened_again_has_its_files_and_its_picture(story, visit):
    person = story.user("alice")
    conversation = story.uploads(person)["conversation_id"]
    story.runs(person, *LOAD, conversation=conversation)
    story.runs(person, *PLOT, conversation=conversation)
    alice = visit("alice", **PHONE)
    page = alice.opens(f"/?c={conversation}")
    expect(page.locator("#files-list")).to_contain_text("cities.csv")
    picture = alice.last_turn().locator(".picture img")
    expect(picture).to_be_visible()
    page.wait_for_function(NATURAL_WIDTH, arg=picture.element_handle())
