"""The files that a glob stands for, and what is said of anything else that matches."""

import glob
import os
import socket
from pathlib import Path

import pytest

from obs_dagster.errors import SourceError
from obs_dagster.sources import matching
from obs_dagster.sources.matching import matching_files


@pytest.fixture
def tree(tmp_path):
    for name in ("a.parquet", "b.csv", "x/c.parquet", "x/y/d.parquet", ".hidden/e.parquet", "x/.f.parquet"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "odd [1]").mkdir()
    (tmp_path / "odd [1]" / "g*.parquet").touch()
    return tmp_path


@pytest.mark.parametrize(
    "pattern",
    [
        "a.parquet",
        "*.parquet",
        "?.csv",
        "[ab].*",
        "x/**/*.parquet",
        "**/*.parquet",
        "**/y/*.parquet",
        "*/*/d.parquet",
        "odd [[]1]/*",
        "none/*.parquet",
        "a.parquet/*",
        "**/none",
    ],
)
def test_files_are_those_of_pythons_own_globs(tree, pattern):
    whole = str(tree / pattern)
    # pathlib's globs match names that begin with a dot
    expected = sorted(Path(name) for name in glob.glob(whole, recursive=True))  # noqa: PTH207
    assert matching_files(whole) == [path for path in expected if path.is_file()]


def test_two_stars_at_the_end_are_all_files_below(tree):
    found = [str(file.relative_to(tree)) for file in matching_files(str(tree / "x/**"))]
    assert found == ["x/c.parquet", "x/y/d.parquet"]


def _fifo(path):
    os.mkfifo(path)


def _socket(path):
    with socket.socket(socket.AF_UNIX) as opened:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path may have 108 bytes
        try:
            opened.bind(path.name)
        finally:
            os.chdir(here)


def _folder(path):
    path.mkdir()


def _broken(path):
    path.symlink_to("nowhere.parquet")


def _circle(path):
    path.symlink_to(path.name)


@pytest.mark.parametrize("pattern", ["*.parquet", "**/*.parquet", "odd.parquet"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_fifo, "FIFO"),
        (_socket, "socket"),
        (_folder, "is a folder"),
        (_broken, r"link to nowhere\.parquet"),
        (_circle, "cannot be looked at"),
    ],
)
def test_what_is_no_file_is_said(tree, make, said, pattern):
    make(tree / "odd.parquet")
    with pytest.raises(SourceError, match=said) as caught:
        matching_files(str(tree / pattern))
    assert str(tree / "odd.parquet") in caught.value.message
    assert caught.value.remedy


def test_a_circle_of_links_ends(tree):
    (tree / "x/y/up").symlink_to("../..", target_is_directory=True)
    with pytest.raises(SourceError, match="never end"):
        matching_files(str(tree / "**/*.parquet"))


def test_links_to_folders_and_files_elsewhere_are_followed(tree, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "z.parquet").touch()
    (tree / "linked").symlink_to(other, target_is_directory=True)
    (tree / "again").symlink_to(other, target_is_directory=True)
    found = {file.relative_to(tree).as_posix() for file in matching_files(str(tree / "**/z.parquet"))}
    assert found == {"linked/z.parquet", "again/z.parquet"}


def test_a_folder_that_cannot_be_looked_into_is_no_folder_without_files(tree, monkeypatch):
    scanned = os.scandir

    def refused(folder):
        if str(folder).endswith("/x"):
            raise PermissionError(13, "Permission denied")
        return scanned(folder)

    monkeypatch.setattr(matching.os, "scandir", refused)
    for pattern in ("x/*.parquet", "**/*.parquet"):
        with pytest.raises(SourceError, match=r"/x cannot be looked into \(Permission denied\)"):
            matching_files(str(tree / pattern))
