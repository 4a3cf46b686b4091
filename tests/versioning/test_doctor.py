from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from treering.versioning.doctor import doctor_lines
from treering.versioning.repository import Repository, find_repository


def test_an_installation_is_described_without_a_repository(environ: Mapping[str, str], tmp_path: Path) -> None:
    lines = doctor_lines(None, environ)
    assert lines[0].startswith("Treering version: ")
    assert f"\tGlobal: {tmp_path / 'global'}" in lines
    assert "\thttps" in lines
    assert not any(line.startswith("Repo:") for line in lines)


def test_a_repository_is_described_by_its_disk_links_and_remotes(repo: Repository, tmp_path: Path) -> None:
    (repo.dvc_dir / "config").write_text(
        "['remote \"a\"']\n    url = s3://bucket/x\n['remote \"b\"']\n    url = ../b\n"
    )
    assert "Cache types: not known before something is in the cache" in doctor_lines(repo, repo.environ)
    repo.cache_dir.mkdir()
    lines = doctor_lines(find_repository(repo.root, repo.environ), repo.environ)
    (links,) = [line for line in lines if line.startswith("Cache types: ")]
    assert "hardlink, symlink" in links
    assert "Remotes: s3, local" in lines
    assert "Repo: dvc, git" in lines
    assert f"Repo.site_cache_dir: {tmp_path / 'site'}" in lines
    assert list(repo.cache_dir.iterdir()) == []
    assert [entry.name for entry in repo.dvc_dir.iterdir() if "doctor" in entry.name] == []


def test_a_repository_without_git_says_so(root: Path, environ: Mapping[str, str]) -> None:
    (root / ".dvc" / "config").write_text("[core]\n    no_scm = true\n")
    lines = doctor_lines(find_repository(root, environ), environ)
    assert "Repo: dvc (no_scm)" in lines
    assert "Remotes: None" in lines
