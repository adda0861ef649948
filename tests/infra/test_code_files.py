"""What the zip of `ask_sandbox` carries of the agents: each agent's own files; and who runs Python."""

import base64
import gzip
import hashlib
import json

import pytest

from infra.agents import agents_of, modules_named, read_folder, serialized, uses_python
from infra.code_files import code_files
from tests.support.manifests import GREET, Author, acting

SOURCE = "def greet(name):\n    return 'Hello ' + name\n"
SHA256 = hashlib.sha256(SOURCE.encode()).hexdigest()


@pytest.fixture
def author(tmp_path):
    author = Author(tmp_path)
    author.file("agents/sales.csv", "month\n1\n")
    author.file("own.py", SOURCE)
    author.ours("notebook.yaml", notebook=True, resources=["sales.csv"])
    author.ours("module.yaml", module="own.py", functions=[GREET])
    author.ours("plain.yaml", functions=[GREET])
    return author


def carried(author):
    return json.loads(code_files(read_folder(author.agents)))


def test_each_agent_s_files_are_its_own(author):
    files = carried(author)
    assert list(files) == ["module", "notebook"]
    module = {"file": "own.py", "source": SOURCE, "sha256": SHA256}
    assert files["module"] == {"module": module, "resources": {}}
    [[name, packed]] = files["notebook"]["resources"].items()
    assert (name, gzip.decompress(base64.b64decode(packed))) == ("sales.csv", b"month\n1\n")
    assert list(files["notebook"]) == ["resources"]


def test_equal_files_give_equal_bytes(author):
    assert code_files(read_folder(author.agents)) == code_files(read_folder(author.agents))


def test_the_agents_that_other_rooms_carry_name_the_files_and_do_not_hold_them(author):
    text = serialized(agents_of(read_folder(author.agents))).decode()
    assert "sales.csv" in text
    assert "own.py" in text
    assert "month" not in text
    assert "Hello " not in text


def test_modules_are_named_with_their_hashes(author):
    assert modules_named(agents_of(read_folder(author.agents))) == {"own.py": SHA256}


def test_a_module_of_slashgpt_that_is_not_there_has_no_hash(author):
    author.slashgpt("missing.json", module="gone.py", functions=[GREET])
    assert "missing" not in carried(author)
    agents = agents_of(read_folder(author.agents))
    assert agents["missing"]["actions"]["greet"] == {"kind": "module", "file": "gone.py"}
    assert modules_named(agents) == {"own.py": SHA256}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"notebook": True}, True),
        ({"module": "own.py", "functions": [GREET]}, True),
        ({**acting("notebook")}, True),
        ({"module": "own.py"}, False),
        ({"functions": [GREET]}, False),
        ({}, False),
    ],
)
def test_python_is_needed_where_an_agent_can_run_some(tmp_path, members, expected):
    author = Author(tmp_path)
    author.file("own.py", SOURCE)
    author.ours(**members)
    assert uses_python(agents_of(read_folder(author.agents))) is expected
