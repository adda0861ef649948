"""What only the sandbox carries of an agent: its resources and its module; and who countersigns its notebook."""

import gzip
import hashlib
import os
import socket

import pytest

from infra.manifests.compile import compile_manifest
from tests.support.manifests import GREET, Author, acting, codes, warned

NETWORK = {"file": "own.py", "network": True}


@pytest.fixture
def author(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.csv").write_text("secret")
    author = Author(home)
    author.file("agents/data/b.csv", "b\n1\n")
    author.file("agents/data/a.csv", "a\n1\n")
    author.file("agents/data/deep/c.csv", "c\n1\n")
    author.file("agents/own.py", "def greet(name):\n    return name\n")
    return author


def listing(author, *names, **members):
    return author.ours(**{"notebook": True, "resources": list(names), **members})


def carried(verdict):
    return {one.name: gzip.decompress(one.packed).decode() for one in verdict.code.resources}


def test_files_and_folders_are_carried_by_the_names_that_python_finds_them_by(author):
    verdict = listing(author, "data", "own.py")
    assert carried(verdict) == {
        "data/a.csv": "a\n1\n",
        "data/b.csv": "b\n1\n",
        "data/deep/c.csv": "c\n1\n",
        "own.py": "def greet(name):\n    return name\n",
    }
    assert verdict.compiled()["resources"] == [
        "data/a.csv",
        "data/b.csv",
        "data/deep/c.csv",
        "own.py",
    ]


def test_a_name_may_be_written_with_a_dot_and_lie_above_the_folder_of_manifests(author):
    author.file("resources/sales.csv", "s")
    assert carried(listing(author, "./resources/sales.csv")) == {"resources/sales.csv": "s"}


def test_a_file_that_two_names_lead_to_is_carried_once(author):
    assert len(carried(listing(author, "data", "./data/a.csv", "data/"))) == 3


def test_what_is_hidden_in_a_folder_and_what_python_left_there_is_not_carried(author):
    before = listing(author, "data")
    for name in (".env", ".git/config", "__pycache__/own.pyc", "deep/.DS_Store"):
        author.file(f"agents/data/{name}", "hidden")
    after = listing(author, "data")
    assert carried(after) == carried(before)
    assert after.compiled()["digest"] == before.compiled()["digest"]


def test_equal_files_give_equal_bytes_whenever_they_were_written(author):
    before = listing(author, "data")
    for file in author.agents.rglob("*.csv"):
        os.utime(file, (0, 0))
    assert listing(author, "data").code == before.code


def test_another_content_another_name_and_another_module_are_another_digest(author):
    def digest():
        return listing(author, "data", module="own.py", **acting("module")).compiled()["digest"]

    digests = [digest()]
    author.file("agents/data/a.csv", "a\n2\n")
    digests.append(digest())
    (author.agents / "data" / "a.csv").rename(author.agents / "data" / "z.csv")
    digests.append(digest())
    author.file("agents/own.py", "def greet(name):\n    return 1\n")
    digests.append(digest())
    assert len(set(digests)) == 4


def test_the_laptop_run_is_told_of_files_and_of_folders_in_which_one_may_appear(author):
    verdict = listing(author, "data", "own.py")
    names = {str(file.relative_to(author.agents)) for file in verdict.files}
    assert names == {"data", "data/deep", "data/a.csv", "data/b.csv", "data/deep/c.csv", "own.py"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nothing.csv", "file_missing"),
        ("/etc/passwd", "file_outside"),
        ("file:///etc/passwd", "file_outside"),
        ("C:\\secret.csv", "file_outside"),
        ("data/a.csv\0", "file_outside"),
        ("../../secret.csv", "bad_resource"),
        ("data/../data/a.csv", "bad_resource"),
        (".", "bad_resource"),
        ("./", "bad_resource"),
        (".env", "bad_resource"),
        ("data/.hidden/a.csv", "bad_resource"),
        ("link.csv", "resource_link"),
        ("inside.csv", "resource_link"),
        ("folder", "resource_link"),
        ("folder/secret.csv", "resource_link"),
        ("linked", "resource_link"),
        ("broken.csv", "resource_link"),
        ("socket", "bad_resource"),
        ("new\nline.csv", "bad_resource"),
        ("long", "bad_resource"),
    ],
)
def test_g3_nothing_that_lies_elsewhere_becomes_a_resource(
    author, tmp_path, monkeypatch, name, code
):
    (author.agents / "link.csv").symlink_to(tmp_path / "secret.csv")
    (author.agents / "inside.csv").symlink_to(author.agents / "data" / "a.csv")
    (author.agents / "folder").symlink_to(tmp_path)
    (author.agents / "broken.csv").symlink_to(tmp_path / "nowhere")
    (author.agents / "linked").mkdir()
    (author.agents / "linked" / "a.csv").symlink_to(tmp_path / "secret.csv")
    (author.agents / ".env").write_text("secret")
    (author.agents / "data" / ".hidden").mkdir()
    (author.agents / "data" / ".hidden" / "a.csv").write_text("secret")
    (author.agents / "new\nline.csv").write_text("a")
    author.file("agents/long/" + "/".join(["x" * 100] * 2) + "/a.csv", "a")
    monkeypatch.chdir(author.agents)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
    verdict = listing(author, name)
    assert codes(verdict) == [code]
    assert (verdict.agent, verdict.code.resources) == (None, ())


def test_a_name_that_cannot_lie_in_a_file_of_another_place_is_refused(author):
    author.file("agents/both", "a file")
    author.file("both/a.csv", "in a folder")
    assert codes(listing(author, "both", "both/a.csv")) == ["bad_resource"]


def test_resources_have_bounds(author):
    author.file("agents/ten.bin", b"\0" * (10 * 1024 * 1024))
    assert codes(listing(author, "ten.bin")) == []
    author.file("agents/eleven.bin", b"\0" * (10 * 1024 * 1024 + 1))
    assert codes(listing(author, "eleven.bin")) == ["resources_too_large"]
    author.file("agents/noise.bin", os.urandom(2 * 1024 * 1024 + 1))
    assert codes(listing(author, "noise.bin")) == ["resources_too_large"]
    for name in ("more/one.bin", "more/two.bin", "more/three.bin"):
        author.file(f"agents/{name}", b"\0" * (7 * 1024 * 1024))
    assert codes(listing(author, "more")) == ["resources_too_large"]
    for number in range(41):
        author.file(f"agents/many/{number}.csv", "1")
    assert codes(listing(author, "many")) == ["resources_too_large"]
    (author.agents / "many" / "0.csv").unlink()
    assert len(carried(listing(author, "many"))) == 40


def test_resources_that_nothing_could_read_are_refused(author):
    assert codes(author.ours(resources=["data"], functions=[GREET])) == ["resources_unused"]
    verdict = author.slashgpt(resources="data", functions=[GREET])
    assert warned(verdict) == ["resources_unused"]
    assert "resources" not in verdict.compiled()


def test_a_module_alone_may_have_resources_too(author):
    verdict = author.ours(module="own.py", functions=[GREET], resources=["data/a.csv"])
    assert carried(verdict) == {"data/a.csv": "a\n1\n"}


@pytest.mark.parametrize("written", ["own.py", {"file": "own.py"}, NETWORK | {"network": False}])
def test_a_module_is_a_text_or_says_more(author, written):
    verdict = author.ours(module=written, functions=[GREET])
    source = "def greet(name):\n    return name\n"
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    action = {"kind": "module", "file": "own.py", "sha256": sha256}
    assert verdict.compiled()["actions"] == {"greet": action}
    module = verdict.code.module
    assert (module.file, module.source, module.sha256) == ("own.py", source, sha256)


def test_a_module_s_hash_is_that_of_the_file_s_own_bytes(author):
    written = "# naïve\r\ndef greet(name):\r\n    return name\r\n".encode()
    author.file("agents/own.py", written)
    verdict = author.ours(module="own.py", functions=[GREET])
    assert verdict.code.module.sha256 == hashlib.sha256(written).hexdigest()
    assert verdict.code.module.source.encode() == written


def test_a_module_that_needs_the_network_is_refused_and_told_where_such_things_belong(author):
    for verdict in (
        author.ours(module=NETWORK, functions=[GREET]),
        author.slashgpt(module=NETWORK, functions=[GREET]),
    ):
        [problem] = verdict.problems
        assert (problem.code, problem.key) == ("module_needs_network", "module.network")
        assert "kind rest" in problem.message


@pytest.mark.parametrize(
    ("written", "code", "key"),
    [
        ({}, "missing_key", "module.file"),
        ({"file": "own.py", "sha256": "0" * 64}, "unknown_key", "module.sha256"),
        ({"file": "own.py", "network": "yes"}, "bad_value", "module.network"),
        (7, "bad_value", "module"),
        (["own.py"], "bad_value", "module"),
    ],
)
def test_a_mistake_in_module_is_told_once_and_by_its_key(author, written, code, key):
    verdict = author.ours(module=written, functions=[GREET])
    assert [(one.code, one.key) for one in verdict.problems] == [(code, key)]


def test_a_module_that_no_function_uses_is_not_carried(author):
    assert author.ours(module="own.py").code.module is None


@pytest.mark.parametrize("name", ["run_python_code", "python", "draw_diagram"])
def test_policy_speaks_of_the_notebook_s_functions_also_where_they_are_not_offered(author, name):
    verdict = author.ours(notebook=True, policy={name: {"approval": "never"}})
    assert (codes(verdict), warned(verdict)) == ([], [])
    assert verdict.compiled()["actions"] == {name: {"kind": "notebook", "approval": "never"}}
    assert "functions" not in verdict.compiled()


def test_policy_of_an_offered_function_of_the_notebook_is_said_once(author):
    offered = {**GREET, "name": "python"}
    policy = {"python": {"approval": "never"}, "draw_diagram": {"approval": "always"}}
    compiled = author.ours(notebook=True, functions=[offered], policy=policy).compiled()
    assert compiled["actions"] == {
        "python": {"kind": "notebook", "approval": "never"},
        "draw_diagram": {"kind": "notebook"},
    }


def test_without_a_notebook_there_are_no_such_functions(author):
    verdict = author.ours(policy={"python": {"approval": "never"}})
    assert codes(verdict) == ["no_such_function"]


def test_a_manifest_of_a_folder_that_is_no_home_reads_beside_itself_alone(author, tmp_path):
    author.file("elsewhere/sales.csv", "s")
    members = {"version": 2, "title": "One", "prompt": "Be.", "notebook": True}
    file = author.file("elsewhere/one.yaml", {**members, "resources": ["sales.csv", "data"]})
    author.file("data/a.csv", "above")
    verdict = compile_manifest(file)
    assert codes(verdict) == ["file_missing"]
