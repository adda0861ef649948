"""The plan's canonical form and digest: RFC 8785."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.plan import canonical, digest_of

# https://www.rfc-editor.org/rfc/rfc8785 sections 3.2.2 and 3.2.3, appendix B.
VECTORS = [
    (
        {
            "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": '€$\u000f\nA\'B"\\\\"/',
            "literals": [None, True, False],
        },
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ),
    (
        {
            "€": "Euro Sign",
            "\r": "Carriage Return",
            "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "😀": "Emoji: Grinning Face",
            "\u0080": "Control",
            "ö": "Latin Small Letter O With Diaeresis",
        },
        '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",'
        '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ),
    ({"a": -0.0, "b": 1e21, "c": 9007199254740991}, '{"a":0,"b":1e+21,"c":9007199254740991}'),
]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(("value", "wanted"), VECTORS, ids=["values", "sorting", "numbers"])
def test_the_canonical_form_is_that_of_the_rfc(value, wanted):
    assert canonical(value) == wanted


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), json_values, min_size=1, max_size=6),
    st.randoms(),
)
def test_the_order_of_keys_does_not_change_the_digest(value, random):
    names = list(value)
    random.shuffle(names)
    shuffled = {name: value[name] for name in names}
    assert digest_of(canonical(shuffled)) == digest_of(canonical(value))
    assert json.loads(canonical(value)) == value


def test_the_digest_is_sha_256_of_the_canonical_text():
    assert digest_of('{"é":1}') == hashlib.sha256('{"é":1}'.encode()).hexdigest()
