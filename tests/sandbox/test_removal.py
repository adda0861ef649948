"""What a run has left is gone, whatever it is; what it points to is not touched."""

import os

import pytest

from functions.run_code.removal import remove


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "left"
    folder.mkdir()
    return folder


def test_folders_deeper_than_any_path_is_long_are_removed(place):
    """Deeper than Python calls itself, too."""
    here = os.open(place, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("a-folder", dir_fd=here)
        inner = os.open("a-folder", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("a-file", os.O_CREAT, dir_fd=here))
    os.close(here)
    remove(place)
    assert not place.exists()


def test_closed_folders_are_opened_and_removed(place):
    (place / "a" / "b").mkdir(parents=True)
    (place / "a" / "b" / "c").write_text("x")
    for folder in ("a/b", "a", "."):
        (place / folder).chmod(0)
    remove(place)
    assert not place.exists()


def test_odd_files_are_removed_and_links_are_not_followed(place, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o500)
    (kept.parent / "file").write_text("kept")
    os.mkfifo(place / "fifo")
    (place / "folder").symlink_to(kept, target_is_directory=True)
    (place / "nowhere").symlink_to("/nowhere/at/all")
    (place / "itself").symlink_to(place / "itself")
    os.link(kept.parent / "file", place / "hard")
    (place / ("é" * 127)).mkdir()
    (place / "new\nline").touch()
    remove(place)
    assert not place.exists()
    assert kept.stat().st_mode & 0o777 == 0o500
    assert (kept.parent / "file").read_text() == "kept"


def test_a_link_in_the_place_of_the_folder_is_removed_itself(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    link = tmp_path / "link"
    link.symlink_to(kept)
    remove(link)
    assert (kept.exists(), link.is_symlink()) == (True, False)
