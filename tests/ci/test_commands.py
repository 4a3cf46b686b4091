from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from evaluated import evaluated

import treering
from treering.cli.main import main

Fake = Any  # of conftest.py, which tests cannot import


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_STEP_SUMMARY", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TREERING_TRACKING_URI", str(tmp_path / "home"))


def ci(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["ci", *arguments])
    said = capsys.readouterr()
    assert (caught.value.code or 0) == status, said.out + said.err
    return said.err if status else said.out


@pytest.fixture
def candidate(tmp_path: Path) -> str:
    treering.set_tracking_uri(tmp_path / "home")
    treering.set_experiment("churn")
    treering.objective("Call who will leave.", {"accuracy": ">= 0.7"})
    return evaluated(0.8, name="churn")


def test_a_report_is_printed_or_written_as_its_name_says(
    capsys: pytest.CaptureFixture[str], candidate: str, tmp_path: Path
) -> None:
    assert ci(capsys, "report", "-c", candidate).startswith("## ✅ The gate is passed: churn 1")
    assert ci(capsys, "report", "-c", candidate, "--format", "html").startswith("<!doctype html>")
    ci(capsys, "report", "-c", candidate, "-o", "out/report.html", "--linked-style")
    assert "<style" not in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "--ok" in (tmp_path / "out" / "report.css").read_text("utf-8")
    ci(capsys, "report", "-c", candidate, "-o", "report.md")
    assert (tmp_path / "report.md").read_text("utf-8").startswith("## ")
    assert "--output" in ci(capsys, "report", "-c", candidate, "--linked-style", status=2)
    assert "cannot be written" in ci(capsys, "report", "-c", candidate, "-o", "report.md/x", status=1)


def test_a_report_changes_nothing(capsys: pytest.CaptureFixture[str], candidate: str) -> None:
    before = treering.Client().get_model_version("churn", 1)
    ci(capsys, "report", "-c", candidate, "-b", "models:/churn@champion")
    assert treering.Client().get_model_version("churn", 1) == before
    assert [one.path for one in treering.artifacts.list_artifacts(f"runs:/{before.run_id}/evaluation")] == [
        "evaluation.json",
        "rows.npz",
    ]


def test_a_report_is_added_to_the_summary_of_a_job(
    capsys: pytest.CaptureFixture[str], candidate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "GITHUB_STEP_SUMMARY" in ci(capsys, "report", "-c", candidate, "--summary", status=1)
    summary = tmp_path / "summary.md"
    summary.write_text("# Job\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    ci(capsys, "report", "-c", candidate, "-o", "report.html", "--summary")
    assert summary.read_text("utf-8").startswith("# Job\n## ✅ The gate is passed")


def test_a_comment_comes_from_a_file_or_from_stdin(
    capsys: pytest.CaptureFixture[str],
    forge: Fake,
    github: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in github.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "report.md").write_text("one\n", "utf-8")
    assert "Commented: https://forge.example/comment/1" in ci(capsys, "comment", "report.md", "--name", "churn")
    monkeypatch.setattr("sys.stdin", io.StringIO("two\n"))
    assert "Changed the comment" in ci(capsys, "comment", "-", "--name", "churn")
    assert forge.comments == {1: "<!-- treering:churn -->\ntwo\n"}
    assert "cannot be read" in ci(capsys, "comment", "none.md", status=1)
    forge.refuse = 403
    told = ci(capsys, "comment", "report.md", status=1)
    assert "pull-requests: write" in told
    assert github["GITHUB_TOKEN"] not in told


def test_what_a_job_does_not_say_is_said_by_options(
    capsys: pytest.CaptureFixture[str],
    forge: Fake,
    github: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GITHUB_API_URL", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, github[name])
    (tmp_path / "report.md").write_text("one\n", "utf-8")
    assert "--forge" in ci(capsys, "comment", "report.md", status=1)
    ci(capsys, "comment", "report.md", "--forge", "github", "--repository", "o/r", "--number", "7")
    assert len(forge.comments) == 1
