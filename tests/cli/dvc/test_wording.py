from __future__ import annotations

import sys

import pytest

from treering.cli.dvc.bar import Bar
from treering.cli.dvc.wording import changed_lines, counted, git_hint, joined, size_text, spoken


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, ""),
        ({"pushed": 0}, ""),
        ({"pushed": 1}, "1 file pushed"),
        ({"pushed": 1200}, "1200 files pushed"),
        ({"fetched": 3, "added": 1}, "3 files fetched and 1 file added"),
        ({"fetched": 0, "added": 2}, "2 files added"),
        ({"modified": 1, "added": 2, "deleted": 3}, "1 file modified, 2 files added and 3 files deleted"),
    ],
)
def test_counts_are_told_as_dvc_tells_them(counts: dict[str, int], text: str) -> None:
    assert counted(counts) == text


def test_words_are_joined() -> None:
    assert [joined([]), joined("a"), joined("ab"), joined("abc")] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"), (999, "999"), (1023, "1023"), (1024, "1.00k"), (4096, "4.00k"), (10240, "10.0k"), (102400, "100k"),
        (1 << 20, "1.00M"), (33_000_000, "31.5M"), (1 << 40, "1.00T"), (5 << 60, "5.00E"),
    ],
)  # fmt: skip
def test_sizes_have_three_digits(size: int, text: str) -> None:
    assert size_text(size) == text


def test_changes_begin_with_their_letter_in_dvcs_order() -> None:
    changes = {"added": ["a/"], "deleted": ["d"], "modified": ["m"]}
    assert changed_lines(changes) == [("M\tm", "yellow"), ("A\ta/", "green"), ("D\td", "red")]


def test_files_for_git_are_sorted_and_quoted() -> None:
    assert "\n\tgit add .gitignore 'a b.dvc' z.dvc\n" in git_hint(["z.dvc", "a b.dvc", ".gitignore", "z.dvc"])


class Terminal:
    """Keeps what is written to it."""

    def __init__(self, *, live: bool) -> None:
        self.text = ""
        self._live = live

    def isatty(self) -> bool:
        return self._live

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


@pytest.mark.parametrize(("live", "shown"), [(False, True), (True, False)])
def test_progress_is_not_shown_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch, live: bool, shown: bool) -> None:
    terminal = Terminal(live=live)
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = Bar(shown=shown)
    bar("Hashing", 1, 2)
    bar.clear()
    assert terminal.text == ""


def test_progress_stays_on_one_line_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(live=True)
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = Bar()
    bar("Hashing", 1, 2)
    bar("Hashing", 2, 2)
    bar("Pushing", 10_000, None)
    bar.clear()
    first, second, third, blank, end = terminal.text.split("\r")[1:]
    assert first == "Hashing  [############............] 1 of 2"
    assert second.startswith("Hashing  [########################] 2 of 2")
    assert third.startswith("Pushing  10,000 ")
    assert (blank.strip(), end) == ("", "")
    assert "\n" not in terminal.text


def test_where_there_is_no_terminal_long_work_prints_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("treering.cli.dvc.bar.time.monotonic", lambda: now[0])
    terminal = Terminal(live=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = Bar(plain=True)
    for second in range(25):
        now[0] = 100.0 + second
        bar("Pushing", 100 * second, 2500 if second < 15 else None)
    bar.clear()
    assert terminal.text == "Pushing: 1,000 of 2,500\nPushing: 2,000\n"


def test_many_steps_are_drawn_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(live=True)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("treering.cli.dvc.bar.time.monotonic", lambda: 5.0)
    bar = Bar()
    for done in range(1, 1001):
        bar("Hashing", done, 1000)
    assert terminal.text.count("\r") == 2
    assert terminal.text.endswith("1,000 of 1,000")


@pytest.mark.parametrize(
    ("verb", "ours"),
    [
        ("add", "treering data add"),
        ("config core.autostage true", "treering data config core.autostage true"),
        ("exp apply <exp>", "treering exp apply <exp>"),
        ("queue start", "treering exp queue start"),
        ("repro", "treering repro"),
        ("stage add", "treering pipeline stage add"),
        ("metrics diff", "treering pipeline metrics diff"),
    ],
)
def test_commands_are_called_as_the_user_called_one(verb: str, ours: str) -> None:
    assert spoken(verb, ours=True) == ours
    assert spoken(verb, ours=False) == f"dvc {verb}"
