"""Verbs of a service on the web that DVC's makers run; Treering has a server of its own instead."""

from __future__ import annotations

from treering.cli.dvc.verb import Option, Verb

__all__ = ["VERBS"]

_WHY = "it belongs to DVC Studio, a service of DVC's makers. Treering's own server shows experiments: treering ui"

VERBS = (
    Verb(
        "studio login",
        "Log in to DVC Studio.",
        takes=(
            Option("-H --hostname", "Where it is.", takes="<url>"),
            Option("-s --scopes", "What the token may do.", takes="<scopes>"),
            Option("-n --name", "What the token is called.", takes="<name>"),
            Option("--no-open", "Do not open a browser."),
        ),
        failed=1,
        refused=_WHY,
    ),
    Verb("studio logout", "Log out of DVC Studio.", failed=1, refused=_WHY),
    Verb("studio token", "Show the token for DVC Studio.", failed=1, refused=_WHY),
)
