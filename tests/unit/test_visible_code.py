"""Code as people are shown it: nothing hides, nothing moves, and no two codes look the same."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.shared.visible_text import LONGEST_BLANK, numbered, oddities, visible_code

MARK = re.compile(r"⟨(?:(tab)|(space)|U\+([0-9A-F]{4,6}))(?:×(\d+))?⟩")
NASTY = st.sampled_from(
    "\t\r\n \\⟨⟩×\u200b\u202e\u2066\u00a0\u3000\ufe0f\u0301\u05d0\u0660ﾠ\x00\x0c\x85"
)
CODE = st.text(NASTY | st.characters(), max_size=60)
STAYS = "x = [a*2 for a in df['売上']]  # naïve café \\d {n} 'é' ∑ 🙂"


def read_back(shown):
    """The code, from nothing but what is shown."""

    def character(mark):
        tab, space, number, times = mark.groups()
        one = "\t" if tab else " " if space else chr(int(number, 16))
        return one * int(times or 1)

    assert shown.count("⟨") == len(MARK.findall(shown))
    return MARK.sub(character, shown)


@given(CODE)
@example("⟨tab⟩")
@example("⟨U+200B⟩\u200b")
@example("a\\\\b")
@example("a ")
@example("a\n")
@example(" " * 41 + "a")
def test_the_code_can_be_read_back_from_what_is_shown(code):
    assert read_back(visible_code(code)) == code


@given(CODE, CODE)
def test_two_codes_never_look_the_same(one, other):
    assert (visible_code(one) == visible_code(other)) == (one == other)


@given(CODE)
def test_nothing_that_hides_or_moves_is_left(code):
    for character in visible_code(code).replace("\n", ""):
        assert character.isprintable()
        assert unicodedata.category(character)[0] != "M"
        assert unicodedata.bidirectional(character) not in ("R", "AL", "AN")
    assert not any(line.endswith(" ") for line in visible_code(code).split("\n"))


@given(CODE)
def test_its_lines_are_the_code_s_lines(code):
    assert len(numbered(visible_code(code))) == code.count("\n") + 1


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (STAYS, STAYS),
        ("if x:\n    y = 1\n", "if x:\n    y = 1\n"),
        ('re.sub("\\\\d", "")', 're.sub("\\\\d", "")'),
        ("if x:\n\ty = 1", "if x:\n⟨tab⟩y = 1"),
        ("\t\tx", "⟨tab×2⟩x"),
        ("x = 1 ", "x = 1⟨space⟩"),
        ("x\n    \ny", "x\n⟨space×4⟩\ny"),
        ("a\r\nb", "a⟨U+000D⟩\nb"),
        ("a\x0cb\x85c\u2028d", "a⟨U+000C⟩b⟨U+0085⟩c⟨U+2028⟩d"),
        ("a\u00a0b\u3000c", "a⟨U+00A0⟩b⟨U+3000⟩c"),
        ("a\u202eb\u2066c\u200fd", "a⟨U+202E⟩b⟨U+2066⟩c⟨U+200F⟩d"),
        ("a\u200b\u200b\u200d\ufeffb", "a⟨U+200B×2⟩⟨U+200D⟩⟨U+FEFF⟩b"),
        ("a\ufe0f\U000e0041b", "a⟨U+FE0F⟩⟨U+E0041⟩b"),
        ("\u3164 = \uffa0 + \u2800", "⟨U+3164⟩ = ⟨U+FFA0⟩ + ⟨U+2800⟩"),
        ("\U0001d159\ufffc", "⟨U+1D159⟩⟨U+FFFC⟩"),
        ("'\u05d0\u05d1' + '\u0627'", "'⟨U+05D0⟩⟨U+05D1⟩' + '⟨U+0627⟩'"),
        ("e\u0301", "e⟨U+0301⟩"),
        ("⟨tab⟩", "⟨U+27E8⟩tab⟩"),
        ("\x1b[2J\x00", "⟨U+001B⟩[2J⟨U+0000⟩"),
        ("\ue000\ud800", "⟨U+E000⟩⟨U+D800⟩"),
        (f"a{' ' * LONGEST_BLANK}b", f"a{' ' * LONGEST_BLANK}b"),
        (f"a{' ' * 500}b", "a⟨space×500⟩b"),
        (f"{' ' * 500}b", "⟨space×500⟩b"),
        ("", ""),
    ],
    ids=ascii,
)
def test_marks_stand_for_what_would_not_be_seen(code, shown):
    assert visible_code(code) == shown


def test_numbers_stand_in_one_column():
    assert numbered("a\n" * 9 + "b")[-2:] == [" 9 | a", "10 | b"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os\nx = 1\t \n", {}),
        (STAYS, {}),
        ("# 会議\nπ = 3", {}),
        ("a\nb\u202e\nc\u200b", {"hidden": "2, 3"}),
        (f"a{' ' * 60}b", {"hidden": "1"}),
        ("a\np\u0430y = 1", {"look_alike": "2"}),
        ("a\neva\uff4c(x)", {"look_alike": "2"}),
        ("a" + "\n" * 20 + "b", {}),
        ("a" + "\n" * 22 + "b", {"below": "23"}),
        ("a" + "\n \t" * 30 + "\nb", {"below": "32"}),
        ("\u200b\n" * 9, {"hidden": "1, 2, 3, 4, 5 (+4)"}),
    ],
    ids=ascii,
)
def test_it_is_said_where_to_look_twice(code, told):
    assert oddities(code) == told


@given(CODE)
def test_where_to_look_is_said_in_numbers(code):
    assert all(re.fullmatch(r"[\d, ()+]+", numbers) for numbers in oddities(code).values())
