"""Checks as the XML of JUnit, which Jenkins, GitLab and others show as tests."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from treering.entities.gate import GateResult

__all__ = ["to_junit"]

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(result: GateResult) -> str:
    """One test for each check; what could not be judged is an error, which is no failure and no success."""
    failed = sum(check.passed is False for check in result.checks)
    unknown = sum(check.passed is None for check in result.checks)
    suite = _clean(f"treering gate: {result.candidate}")
    counts = f'tests="{len(result.checks)}" failures="{failed}" errors="{unknown}" skipped="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {counts}>",
        f"<testsuite name={quoteattr(suite)} {counts}>",
    ]
    for check in result.checks:
        name = f"{check.name} {check.bound}".strip()
        opening = f'<testcase classname="treering.gate" name={quoteattr(_clean(name))} time="0"'
        found = "" if check.value is None else f"found {check.value:.6g}. "
        text = _clean(f"{found}{check.reason}")
        if check.passed:
            lines.append(f"{opening}><system-out>{escape(text)}</system-out></testcase>" if text else f"{opening}/>")
        else:
            kind = "failure" if check.passed is False else "error"
            lines.append(f"{opening}><{kind} message={quoteattr(text)}/></testcase>")
    return "\n".join([*lines, "</testsuite>", "</testsuites>", ""])


def _clean(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
