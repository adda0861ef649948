"""The files that a manifest names are looked for beside it and above it, and never outside its root."""

import pytest

from infra.manifests.compile import compile_manifest
from tests.support.manifests import GREET, Author, codes

RESOURCE = {"version": 2, "title": "One", "prompt": "Know {resource}, and {resource}."}


@pytest.fixture
def author(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    return Author(home)


@pytest.mark.parametrize("place", ["agents/about.txt", "agents/resources/about.txt", "about.txt"])
def test_a_file_is_found_beside_the_manifest_and_beside_its_folder(author, place):
    author.file(place, "this")
    name = place.removeprefix("agents/")
    assert author.verdict({**RESOURCE, "resource": f"./{name}"}).compiled()["prompt"] == (
        "Know this, and {resource}."
    )


def test_the_nearest_file_of_a_name_is_the_one(author):
    author.file("about.txt", "far")
    author.file("agents/about.txt", "near")
    assert "near" in author.verdict({**RESOURCE, "resource": "about.txt"}).compiled()["prompt"]


def test_what_a_resource_holds_stands_in_the_prompt_as_it_is(author):
    author.file("about.txt", "\\1 \\g<0> {name} {{x}} \\n")
    prompt = author.verdict({**RESOURCE, "resource": "about.txt"}).compiled()["prompt"]
    assert prompt == "Know \\1 \\g<0> {name} {{x}} \\n, and {resource}."


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../../secret.txt",
        "../../../../../../../../../../../../etc/passwd",
        "resources/../../../secret.txt",
        "file:///etc/passwd",
        "file:about.txt",
        "https://example.com/a",
        "s3://bucket/a",
        "data:text/plain,a",
        "javascript:alert(1)",
        "..\\..\\secret.txt",
        "C:\\secret.txt",
        "about.txt\0.json",
        "link.txt",
        "folder/secret.txt",
        "../link.txt",
    ],
)
def test_g3_no_name_reads_a_file_outside_the_root(author, tmp_path, name):
    (author.agents / "link.txt").symlink_to(tmp_path / "secret.txt")
    (author.home / "link.txt").symlink_to(tmp_path / "secret.txt")
    (author.agents / "folder").symlink_to(tmp_path)
    for members in (
        {**RESOURCE, "resource": name},
        {**RESOURCE, "functions": name},
        {**RESOURCE, "module": name, "functions": [GREET]},
    ):
        verdict = author.verdict(members, "one.json")
        assert codes(verdict) == ["file_outside"]
        assert verdict.agent is None


def test_a_link_within_the_root_is_followed(author):
    author.file("resources/about.txt", "this")
    (author.agents / "about.txt").symlink_to(author.home / "resources" / "about.txt")
    assert "this" in author.verdict({**RESOURCE, "resource": "about.txt"}).compiled()["prompt"]


def test_dots_within_the_root_are_followed(author):
    author.file("resources/about.txt", "this")
    manifest = {**RESOURCE, "resource": "../resources/about.txt"}
    assert "this" in author.verdict(manifest).compiled()["prompt"]


def test_a_missing_file_is_told_by_its_name(author):
    verdict = author.verdict({**RESOURCE, "resource": "about.txt"})
    assert codes(verdict) == ["file_missing"]
    assert "'about.txt'" in verdict.problems[0].message


def test_a_large_file_is_refused(author):
    author.file("about.txt", "x" * 1_000_001)
    assert codes(author.verdict({**RESOURCE, "resource": "about.txt"})) == ["too_large"]


def test_sets_below_a_folder_of_manifests_share_what_lies_beside_that_folder(author, tmp_path):
    author.file("resources/about.txt", "this")
    for place in ("manifests/main/one.json", "manifests/agents/one.json"):
        file = author.file(place, {**RESOURCE, "resource": "./resources/about.txt"})
        assert "this" in compile_manifest(file).compiled()["prompt"]


def test_a_folder_of_another_name_is_its_own_root_unless_one_is_given(author, tmp_path):
    author.file("resources/about.txt", "this")
    manifest = {**RESOURCE, "resource": "resources/about.txt"}
    file = author.file("elsewhere/one.json", manifest)
    assert codes(compile_manifest(file)) == ["file_missing"]
    assert "this" in compile_manifest(file, root=author.home).compiled()["prompt"]
    upward = author.file("elsewhere/two.json", {**RESOURCE, "resource": "../about.txt"})
    assert codes(compile_manifest(upward)) == ["file_outside"]
