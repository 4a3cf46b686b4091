"""Which Chromium is driven, and how: by the tests of the pages and by their benchmark."""

from __future__ import annotations

import shutil

__all__ = ["BROWSERS", "FLAGS", "chromium"]

# Playwright takes any Chromium; its own download is not needed.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str | None:
    """The program; None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)
