"""The pages' sentences: both languages say the same things with the same blanks, and everything said is there."""

import re

import pytest

from functions.pages.static_files import FOLDER

LINE = re.compile(r'^  "([^"]+)": "((?:[^"\\]|\\.)*)",$', re.MULTILINE)
TABLES = {name: (f"{name}.js", f"{name}_requests.js") for name in ("english", "japanese")}
SENTENCES = {
    name: [
        pair for file in files for pair in LINE.findall((FOLDER / file).read_text(encoding="utf-8"))
    ]
    for name, files in TABLES.items()
}
ENGLISH, JAPANESE = (dict(SENTENCES[name]) for name in ("english", "japanese"))
FAMILIES = (
    "approval.reason.", "call.status.", "card.", "event.", "fact.", "flag.", "price.", "problem.", "source.",
    "status.", "inbox.empty.", "approval.decided.", "approval.", "signed-out.", "what.", "sentence.",
    "sandbox.", "runs.",
)  # fmt: skip
"""Beginnings of keys that are put together from what the API answers."""


@pytest.mark.parametrize("name", ["english", "japanese"])
def test_a_table_holds_nothing_but_sentences_each_once(name):
    for file in TABLES[name]:
        text = (FOLDER / file).read_text(encoding="utf-8")
        body = text.partition("{\n")[2].removesuffix("};\n")
        assert LINE.sub("", body).strip() == ""
    keys = [key for key, _ in SENTENCES[name]]
    assert len(keys) == len(set(keys)) > 150


def test_both_languages_have_the_same_keys_in_the_same_order_of_families():
    assert ENGLISH.keys() == JAPANESE.keys()


@pytest.mark.parametrize("key", sorted(ENGLISH))
def test_both_languages_fill_the_same_blanks(key):
    english, japanese = (
        sorted(re.findall(r"\{\w+\}", table[key])) for table in (ENGLISH, JAPANESE)
    )
    assert english == japanese


def test_the_japanese_sentences_are_japanese():
    same = {key for key in ENGLISH if ENGLISH[key] == JAPANESE[key]}
    assert same == {"app.name", "fact.image_id"}
    latin = {
        key
        for key, sentence in JAPANESE.items()
        if key not in same and not re.search(r"[\u3040-\u30ff\u4e00-\u9fff×]", re.sub(r"\{\w+\}", "", sentence))
    }  # fmt: skip
    assert latin == {"event.by"}


def test_every_sentence_a_page_says_is_in_the_tables_and_every_sentence_is_said():
    files = [path for path in FOLDER.iterdir() if path.suffix in (".js", ".html")]
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in files
        if path.name not in (*TABLES["english"], *TABLES["japanese"])
    )
    said = set(re.findall(r'(?:say|canSay)\(\s*"([^"]+)"', text))
    said |= set(re.findall(r'data-say(?:-label|-placeholder)?="([^"]+)"', text))
    assert said - ENGLISH.keys() == set()
    quoted = said | set(re.findall(r'"([a-z][\w.-]+)"', text))
    families = tuple(f"{family}" for family in FAMILIES if f"`{family}${{" in text)
    unused = {key for key in ENGLISH if key not in quoted and not key.startswith(families)}
    assert unused == set()


def test_everything_that_the_checks_find_out_has_its_word_in_both_languages():
    folder = FOLDER.parents[1] / "preflight"
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    keys = set(re.findall(r'(?:\.tell|\.warn)\)?\(\s*"(\w+)", "', text))
    assert {"image_owner", "state", "disks_until", "lease_ends"} <= keys
    assert {f"fact.{key}" for key in keys} - ENGLISH.keys() == set()
