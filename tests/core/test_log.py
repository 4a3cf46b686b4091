"""The product's own log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from treering.core.errors import InvalidInput
from treering.core.log import logger, show_log


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    handlers, level = list(logger.handlers), logger.level
    logger.handlers[:] = [logging.NullHandler()]
    yield
    logger.handlers[:], level = handlers, logger.setLevel(level)


def test_quiet_until_shown(capfd: pytest.CaptureFixture[str]) -> None:
    logger.error("nobody asked")
    assert "nobody asked" not in capfd.readouterr().err


def test_shown_from_a_level_up(capsys: pytest.CaptureFixture[str]) -> None:
    show_log("info")
    logger.info("told")
    logger.debug("not told")
    shown = capsys.readouterr()
    assert "INFO told" in shown.err
    assert "not told" not in shown.err
    assert shown.out == ""


def test_a_program_speaks_without_times(capsys: pytest.CaptureFixture[str]) -> None:
    show_log("WARNING", plain=True)
    logger.warning("Waiting.")
    assert capsys.readouterr().err == "WARNING: Waiting.\n"


def test_again_replaces_the_level_and_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    show_log("DEBUG")
    show_log("ERROR")
    logger.warning("too low")
    logger.error("once")
    assert capsys.readouterr().err.count("once") == 1
    assert "too low" not in capsys.readouterr().err


@pytest.mark.parametrize("level", ["", "LOUD", "10"])
def test_an_unknown_level_lists_the_known_ones(level: str) -> None:
    with pytest.raises(InvalidInput, match="DEBUG, INFO, WARNING, ERROR"):
        show_log(level)
