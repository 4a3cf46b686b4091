"""What the tests of CI have in common: a forge, and jobs of both kinds on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from forge_server import GITHUB, GITLAB, TOKEN, Fake, forge_server


@pytest.fixture
def forge() -> Iterator[Fake]:
    with forge_server() as fake:
        yield fake


@pytest.fixture
def github(forge: Fake) -> dict[str, str]:
    """The variables of a job for pull request 7."""
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": f"{forge.url}{GITHUB}",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_TOKEN": TOKEN,
    }


@pytest.fixture
def gitlab(forge: Fake) -> dict[str, str]:
    """The variables of a job for merge request 7."""
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{forge.url}{GITLAB}",
        "CI_PROJECT_ID": "12",
        "CI_PROJECT_URL": "https://gitlab.example/g/p",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": TOKEN,
    }


@pytest.fixture(params=["github", "gitlab"])
def job(request: pytest.FixtureRequest) -> dict[str, str]:
    found: dict[str, str] = request.getfixturevalue(request.param)
    return found
