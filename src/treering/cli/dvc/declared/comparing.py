"""Verbs that show and compare metrics, params and plots."""

from __future__ import annotations

from treering.cli.dvc.declared.options import ALL_REFERENCES, JSON, MARKDOWN, NO_PATH, PRECISION, RECURSIVE
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = ["VERBS"]

_DOING = "treering.cli.dvc.doing"
_FILES = Option("--targets", "Only these files.", takes="<paths>", how="several")
_BOTH = (
    Argument("a_rev", "The older commit.", "?", default="HEAD"),
    Argument("b_rev", "The newer one.", "?", default="workspace"),
)
_LOOK = (
    Option("-t --template", "The template that it is drawn with.", takes="<path>", how="perhaps", const=None),
    Option("-x", "The field along x.", takes="<field>"),
    Option("-y", "The field along y.", takes="<field>"),
    Option("--no-header", "The table has no line of names.", name="header", const=False),
    Option("--title", "Above the plot.", takes="<text>"),
    Option("--x-label", "Along x.", takes="<text>"),
    Option("--y-label", "Along y.", takes="<text>"),
)
_PAGE = (
    Option("-o --out", "The folder that the page is written to.", takes="<path>"),
    Option("--show-vega", "Print the Vega specification of one plot."),
    Option("--json", "Print JSON.", hidden=True),
    Option("--split", "Keep data and template apart, in JSON.", hidden=True),
    Option("--open", "Open the page in a browser."),
    Option("--html-template", "The frame of the page.", takes="<path>"),
)

VERBS = (
    Verb(
        "metrics show",
        "Show metrics.",
        f"{_DOING}.metrics:show",
        (Argument("targets", "Only these files.", "*"), *ALL_REFERENCES, JSON, MARKDOWN, RECURSIVE, PRECISION),
    ),
    Verb(
        "metrics diff",
        "Compare metrics of two commits, or of a commit and the working tree.",
        f"{_DOING}.metrics:diff",
        (*_BOTH, _FILES, RECURSIVE, Option("--all", "Also what did not change."), JSON, MARKDOWN, NO_PATH, PRECISION),
    ),
    Verb(
        "params diff",
        "Compare params of two commits, or of a commit and the working tree.",
        f"{_DOING}.metrics:params_diff",
        (
            *_BOTH,
            _FILES,
            Option("--all", "Also what did not change."),
            Option("--deps", "Only what a stage depends on."),
            JSON,
            MARKDOWN,
            NO_PATH,
        ),
    ),
    Verb(
        "plots show",
        "Draw plots on a page.",
        f"{_DOING}.plots:show",
        (Argument("targets", "Plots files, or names of plots.", "*"), *_LOOK, *_PAGE),
        failed=1,
    ),
    Verb(
        "plots diff",
        "Draw plots of several commits on one page.",
        f"{_DOING}.plots:diff",
        (
            Option("--targets", "Only these plots.", takes="<paths>", how="several"),
            Option("-e --experiment", "Compare one experiment with the commit that it comes from.", hidden=True),
            Argument("revisions", "Commits; without any, the working tree and the last commit.", "*"),
            *_LOOK,
            *_PAGE,
        ),
        failed=1,
    ),
    Verb(
        "plots modify",
        "Set how a plots file is drawn.",
        f"{_DOING}.plots:modify",
        (
            Argument("target", "The plots file."),
            *_LOOK,
            Option("--unset", "Forget these properties.", takes="<property>", how="several"),
        ),
    ),
    Verb(
        "plots templates",
        "List templates, or print one.",
        f"{_DOING}.plots:templates",
        (Argument("template", "Which.", "?"),),
        failed=1,
    ),
)
