from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from treering.ci.comment import fitted, marker_of, post
from treering.ci.forges.base import Review
from treering.core.errors import InvalidInput, NotFound, PermissionDenied, Unavailable

Fake = Any  # of conftest.py, which tests cannot import
MARK = "<!-- treering:gate -->\n"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treering.ci.forges.rest._PAUSE", 0)


def test_the_first_job_makes_the_comment_and_later_ones_change_it(forge: Fake, job: dict[str, str]) -> None:
    forge.comments[1] = "Looks good to me."
    assert post("one", "gate", job).new
    second = post("two", "gate", job)
    assert not second.new
    assert second.url
    assert forge.comments == {1: "Looks good to me.", 2: f"{MARK}two"}


def test_reports_of_other_names_have_comments_of_their_own(forge: Fake, job: dict[str, str]) -> None:
    for name in ("gate", "gate2", "gate"):
        post(name, name, job)
    assert list(forge.comments.values()) == [f"{MARK}gate", "<!-- treering:gate2 -->\ngate2"]


def test_who_quotes_the_comment_keeps_their_own(forge: Fake, job: dict[str, str]) -> None:
    forge.comments[1] = f"> {MARK}> two\n\nReally?"
    post("one", "gate", job)
    assert forge.comments[1].endswith("Really?")
    assert forge.comments[2] == f"{MARK}one"


@pytest.mark.parametrize("app", [False, True])
def test_a_comment_of_somebody_else_is_not_taken_for_ours(forge: Fake, job: dict[str, str], *, app: bool) -> None:
    """Who put the mark into a comment of their own could write into the report afterwards."""
    forge.app = app and "GITHUB_ACTIONS" in job
    forge.comments[1] = f"{MARK}all is well"
    forge.others = {1}
    assert post("failed", "gate", job).new
    assert not post("failed again", "gate", job).new
    assert forge.comments == {1: f"{MARK}all is well", 2: f"{MARK}failed again"}


def test_a_comment_behind_two_hundred_others_is_found(forge: Fake, job: dict[str, str]) -> None:
    forge.comments.update(dict.fromkeys(range(1, 201), "chat"))
    forge.comments[201] = f"{MARK}old"
    assert not post("new", "gate", job).new
    assert forge.comments[201] == f"{MARK}new"


def test_what_is_busy_is_asked_again(forge: Fake, job: dict[str, str]) -> None:
    forge.busy = 2
    post("one", "gate", job)
    assert len(forge.comments) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(401, PermissionDenied), (403, PermissionDenied), (404, NotFound), (500, Unavailable)]
)
def test_a_refusal_says_what_the_token_needs_and_never_the_token(
    forge: Fake, job: dict[str, str], status: int, error: type[Exception]
) -> None:
    forge.refuse = status
    with pytest.raises(error) as caught:
        post("one", "gate", job)
    assert "token-that-nobody" not in str(caught.value)
    assert "Resource not accessible" in str(caught.value)
    if status != 500:
        assert "token needs" in str(caught.value)


def test_a_forge_that_is_not_there_is_told(github: dict[str, str]) -> None:
    with pytest.raises(Unavailable) as caught:
        post("one", "gate", {**github, "GITHUB_API_URL": "http://127.0.0.1:9/"})
    assert "token-that-nobody" not in str(caught.value)


def test_a_proxy_of_the_job_is_taken_but_for_what_it_excepts(forge: Fake, github: dict[str, str]) -> None:
    through = {**github, "http_proxy": "http://127.0.0.1:9"}
    with pytest.raises(Unavailable):
        post("one", "gate", through)
    post("one", "gate", {**through, "no_proxy": "example.org, 127.0.0.1"})
    assert len(forge.comments) == 1


def test_the_request_is_found_by_event_commit_or_branch(
    forge: Fake, github: dict[str, str], gitlab: dict[str, str], tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    post("a", "gate", {**github, "GITHUB_REF": "refs/heads/work", "GITHUB_EVENT_PATH": str(event)})
    post("b", "gate", {**github, "GITHUB_REF": "refs/heads/work", "GITHUB_SHA": "a" * 40})
    post("c", "gate", {**gitlab, "CI_MERGE_REQUEST_IID": "", "CI_COMMIT_REF_NAME": "work"})
    post("d", "gate", gitlab, "gitlab", Review("g/p", 7))
    assert forge.comments == {1: f"{MARK}d"}


def test_what_belongs_to_no_request_is_told(github: dict[str, str], gitlab: dict[str, str]) -> None:
    for environ in ({**github, "GITHUB_REF": "refs/heads/main"}, {**gitlab, "CI_MERGE_REQUEST_IID": ""}):
        with pytest.raises(InvalidInput, match="--number"):
            post("one", "gate", environ)
    with pytest.raises(InvalidInput, match="GITHUB_API_URL"):
        post("one", "gate", {**github, "GITHUB_API_URL": ""})
    with pytest.raises(InvalidInput, match="--forge"):
        post("one", "gate", {})
    with pytest.raises(InvalidInput, match="--repository"):
        post("one", "gate", {**github, "GITHUB_REPOSITORY": "../../admin"})


def test_without_a_token_nothing_is_asked(forge: Fake, github: dict[str, str], gitlab: dict[str, str]) -> None:
    for environ, name in ((github, "GITHUB_TOKEN"), (gitlab, "GITLAB_TOKEN")):
        with pytest.raises(InvalidInput, match=name):
            post("one", "gate", {**environ, name: " "})
    assert forge.asked == []


def test_an_empty_report_does_not_wipe_out_the_comment(forge: Fake, job: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="empty"):
        post(" \n", "gate", job)
    assert forge.asked == []


@pytest.mark.parametrize("name", ["", "a b", "a-->b", "a--b", "x" * 101, "<!--"])
def test_a_name_that_could_end_the_mark_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        marker_of(name)


def test_a_report_that_is_too_long_is_cut_at_a_line_and_closed(forge: Fake, github: dict[str, str]) -> None:
    text = "# Report\n\n<details>\n\n```text\n" + "a line of figures\n" * 10_000 + "```\n\n</details>\n"
    post(text, "gate", github)
    (kept,) = forge.comments.values()
    assert len(kept) <= 65_536
    assert kept.count("```") == 2
    assert kept.count("<details>") == kept.count("</details>")
    assert kept.endswith("longer than a comment may be.*\n")
    assert fitted("short", 100) == "short"
