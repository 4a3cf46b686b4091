from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from judgements import evaluation, judgement, run_of, version_of

from treering.ci.contestant import Contestant
from treering.ci.document import Picture, Strip
from treering.ci.figures import bars, curve, intervals, strip_text
from treering.ci.gate import Judgement
from treering.ci.html import style_sheet, to_html
from treering.ci.junit import to_junit
from treering.ci.markdown import LONGEST, to_markdown
from treering.ci.report import report
from treering.entities.evaluation import Check
from treering.entities.gate import GateResult, Verdict
from treering.entities.objective import Objective

HOSTILE = "<script>alert(1)</script> | ` @everyone #1 https://evil.example ![x](y) \x07 --> </details>"


class Page(HTMLParser):
    """Which elements and addresses a page has; unclosed ones are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in {"meta", "link", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, _attrs: Any) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def hostile() -> Judgement:
    """All texts that come from people, as an enemy would write them."""
    given = judgement()
    run = run_of(HOSTILE, {HOSTILE: HOSTILE, "C": "1"}, "d")
    version = replace(version_of(3), name=HOSTILE)
    check = Check(HOSTILE, None, float("nan"), HOSTILE, HOSTILE)
    ours = evaluation(dataset_name=HOSTILE, metrics={HOSTILE: 1.0}, files={HOSTILE: HOSTILE}, slices=(), fairness=())
    return replace(
        given,
        result=replace(given.result, checks=(check,), comparison=None, verdict=Verdict.INSUFFICIENT),
        candidate=Contestant(HOSTILE, HOSTILE, run, version),
        evaluations=(ours, None),
        objective=Objective(HOSTILE, (), HOSTILE, owner=HOSTILE),
        promotion=None,
    )


def test_a_report_tells_what_a_reviewer_wants_to_know() -> None:
    text = to_markdown(report(judgement(), "https://treering.example"))
    assert text.startswith("## ✅ The gate is passed: tumours 3\n")
    for told in (
        "Version 3 is champion now. It took the place of version 2.",
        "Find malignant tumours early",
        "[tumours 3](https://treering.example/models/tumours/versions/3)",
        "held out, 1,140 rows",
        "| 🟢 passed | `recall` | >= 0.9 | 0.9306 |",
        "🟢 ▲ +0.0263",
        "🟢 ▼ -0.0611",  # of a loss, less is better
        "With 95% intervals",
        "| `C` | `0.01` | `1.0` |",
        "`55bb`",
        "age over 60",
        "demographic_parity_ratio",
        "name=tumours&version=3&format=html",
    ):
        assert told in text, told
    # What was asked for stands first, and what did not change is left out.
    assert text.index("`accuracy_score` |") < text.index("`log_loss` |") < text.index("`example_count` |")
    assert "`seed`" not in text


def test_the_verdict_is_told_by_words_and_not_by_colour_alone() -> None:
    for verdict, word in ((Verdict.FAIL, "not passed"), (Verdict.INSUFFICIENT, "cannot judge")):
        made = report(judgement(result=replace(judgement().result, verdict=verdict), promotion=None))
        assert word in to_markdown(made)
        assert word in to_html(made)


def test_what_comes_from_people_is_no_markup_in_markdown() -> None:
    text = to_markdown(report(hostile(), "https://treering.example"))
    # Outside of code, where all means itself.
    plain = re.sub(r"(`+) ?.*?[^`]\1(?!`)", "", text)
    assert "<script" not in plain
    assert "@everyone" not in plain
    assert "![x]" not in plain
    assert "https://evil.example" not in plain
    assert plain.count("<details>") == plain.count("</details>")
    # Pipes in cells stay in their cells.
    rows = [line for line in text.splitlines() if line.startswith("|")]
    heads = [row for row in rows if set(row) <= set("|:-")]
    assert heads
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) in {len(re.findall(r"\|", head)) for head in heads}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@all, #1, !2, $3, ~bug, %4", "@\u200ball, #\u200b1, !\u200b2, $\u200b3, ~\u200bbug, %\u200b4"),
        ("&commat;all &#64;all", "&commat;all &#\u200b64;all"),
        ("/merge", "/\u200bmerge"),
        ("see https://evil.example, WWW.evil.example", "see https:\u200b//evil.example, WWW\u200b.evil.example"),
        ("failed\u202edessap\x1b[2J", "failed\N{REPLACEMENT CHARACTER}dessap\N{REPLACEMENT CHARACTER}[2J"),
        ("95% of 3 & a: b, c_d, 1.5", "95% of 3 & a: b, c_d, 1.5"),
    ],
)
def test_what_forges_make_links_calls_and_orders_of_is_kept_apart(text: str, shown: str) -> None:
    """They look at what is shown, where an entity is the character itself; a blank without width parts it."""
    given = judgement()
    ours = evaluation(fairness=(replace(evaluation().fairness[0], warnings=(text,)),))
    written = to_markdown(report(replace(given, evaluations=(ours, None))))
    assert shown in unescape(written)
    # None of them stands there for the reader of the source either, who may be the one that carries out orders.
    assert not re.search(r"^/|[@#]\w", re.sub(r"&#\d+;", "", written), re.MULTILINE)


def test_what_comes_from_people_is_no_markup_in_the_page() -> None:
    page = Page(to_html(report(hostile(), "https://treering.example")))
    assert "script" not in page.names
    assert all(address.startswith("https://treering.example/") for address in page.addresses)


def test_the_page_stands_alone_or_leaves_its_style_and_pictures_beside_it() -> None:
    made = report(judgement(), pictures=(Picture("roc curve", "roc curve.png", "image/png", b"\x89PNG"),))
    whole = Page(to_html(made))
    assert "style" in whole.names
    assert "svg" in whole.names
    assert [one for one in whole.addresses if not one.startswith("data:image/png;base64,")] == []
    strict = to_html(made, "report.css", beside=True)
    assert Page(strict).addresses == ["report.css", "roc%20curve.png"]
    # A page of Jenkins may have neither of these within.
    assert "<style" not in strict
    assert " style=" not in strict
    assert "<script" not in strict
    assert style_sheet().count("{") == style_sheet().count("}")


def test_a_report_fits_into_a_comment_however_much_there_is_to_tell() -> None:
    checks = tuple(Check(f"metric {number} {'x' * 400}", False, 1.0, "< 1", "y" * 4000) for number in range(500))
    params = {f"param {number}": "z" * 6000 for number in range(500)}
    given = judgement()
    long = replace(
        given,
        result=replace(given.result, checks=checks, verdict=Verdict.FAIL),
        candidate=replace(given.candidate, run=run_of("r", params, "d")),
    )
    text = to_markdown(report(long))
    assert len(text) <= LONGEST
    assert "The rest is left out" in text or "more" in text
    assert text.count("<details") == text.count("</details>")


def test_a_report_on_a_first_model_shows_it_alone() -> None:
    given = judgement()
    alone = replace(given, champion=None, evaluations=(given.evaluations[0], None), promotion=None)
    alone = replace(alone, result=replace(alone.result, champion="", comparison=None))
    text = to_markdown(report(alone))
    assert "| metric | candidate | interval |" in text
    assert "Champion" not in text
    assert Page(to_html(report(alone))).names


def test_a_model_that_was_never_evaluated_has_a_report_too() -> None:
    given = judgement()
    result = GateResult(Verdict.INSUFFICIENT, (Check("evaluation", None, None, "", "It was never evaluated."),))
    bare = replace(given, result=result, evaluations=(None, None), objective=None, promotion=None)
    assert "never evaluated" in to_markdown(report(bare))
    assert Page(to_html(report(bare))).names


def test_drawings_are_well_formed_whatever_the_numbers_are() -> None:
    nan, inf = float("nan"), float("inf")
    for svg in (
        bars([("<a>", 1.0), ("b", nan), ("c", -inf), ("d", 0.0)], "t & t"),
        bars([], "nothing"),
        curve([(0.0, 1.0), (nan, 2.0), (1.0, 1.0)], "x", "y"),
        curve([(0.5, 0.5)], "x", "y", diagonal=True),
        intervals([("a", 1.0, 0.5, 1.5), ("b", nan, None, None)], "m", 1.0),
    ):
        assert "nan" not in svg.lower().replace("nan</text>", "")
        ET.fromstring(svg)
    assert curve([], "x", "y") == ""
    assert intervals([], "m", None) == ""


@pytest.mark.parametrize(
    ("strip", "drawn"),
    [
        (Strip(1.0, 0.5, 1.0, True), "··········┊····━━━━━●"),
        (Strip(-1.0, -1.0, 1.0, None), "●━━━━━━━━━┿━━━━━━━━━━"),
        (Strip(0.0, 0.0, 0.0, None), "··········●··········"),
        (Strip(1.0, None, None, None), ""),
        (Strip(float("nan"), 0.0, 1.0, None), ""),
    ],
)
def test_a_difference_is_drawn_about_zero_in_letters(strip: Strip, drawn: str) -> None:
    assert strip_text(strip) == drawn


def test_junit_knows_passed_failed_and_unknown() -> None:
    checks = (
        Check("accuracy", True, 0.9, ">= 0.8"),
        Check('<re"call>', False, 0.5, ">= 0.8", "too \x07 low & so"),
        Check("brier", None, None, "<= 0.1", "unknown \ud800 \ufffe"),
    )
    suite = ET.fromstring(to_junit(GateResult(Verdict.FAIL, checks, "models:/a/1")))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    cases = list(suite.iter("testcase"))
    assert [[child.tag for child in case] for case in cases] == [["system-out"], ["failure"], ["error"]]
    assert cases[1].get("name") == '<re"call> >= 0.8'
    to_junit(GateResult(Verdict.FAIL, checks, "models:/a/1")).encode()
