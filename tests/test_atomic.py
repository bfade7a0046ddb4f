import os
import shutil
from pathlib import Path

import pytest

from hcr_core import atomic
from hcr_core.atomic import file_written_aside, remove_folder, written_aside


def test_a_file_appears_with_all_of_its_content(tmp_path):
    target = tmp_path / "new" / "file.txt"
    with file_written_aside(target) as aside:
        aside.write_text("half")
        assert not target.exists()
        aside.write_text("whole")
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_while_writing_leaves_the_former_file_and_nothing_else(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("former")

    def fails():
        with file_written_aside(target) as aside:
            aside.write_text("half")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fails()
    assert target.read_text() == "former"
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_no_file_is_not_replaced(tmp_path):
    """A device, in the least harmful form: ``/dev/null`` is one that others need."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no file"), file_written_aside(tmp_path / "pipe"):
        pass
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_what_a_killed_removal_leaves_is_swept_away_later(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *arguments, **options: None)
        remove_folder(tmp_path / "folder")
    (left,) = tmp_path.iterdir()
    os.utime(left, (0, 0))
    monkeypatch.setattr(atomic, "_is_alive", lambda process: process != os.getpid())
    with written_aside(tmp_path / "other"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_removed_folder_leaves_nothing(tmp_path):
    (tmp_path / "folder" / "more").mkdir(parents=True)
    (tmp_path / "folder" / "more" / "file").write_text("x")
    remove_folder(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_renamed_stays_whole(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("x")

    def fails(self, target):
        raise PermissionError("no")

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(PermissionError):
        remove_folder(tmp_path / "folder")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "file"]


def test_removing_a_link_leaves_what_it_leads_to(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    remove_folder(tmp_path / "link")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "file").read_text() == "x"
