"""Settings that contradict each other, name what is not there, or are none."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from treering.core.settings import Settings, overruled, sources, strangers, variables
from treering.core.uri import scheme_of
from treering.upkeep.finding import Case, Examined, Finding

__all__ = ["check_settings"]

_WORDS: Mapping[str, tuple[str, ...]] = {
    "capture": ("all", "tags", "off"),
    "journal_full": ("wait", "drop", "raise"),
}
_FILES = ("tracking_ca_file", "sftp_key_file", "sftp_known_hosts")


def check_settings(case: Case) -> Examined:
    """Looks at the variables of the environment."""
    given = sources()
    findings = [*_names(), *_values(case.settings, given), *_pairs(case.settings, given)]
    return Examined("settings", f"{len(given)} given" if given else "all as they are by default", findings)


def _names() -> Iterator[Finding]:
    for loser, winner in overruled().items():
        yield Finding(
            f"{winner} and {loser} are both set, to different values.",
            f"{winner} counts, and {loser} does not.",
            f"unset {loser}",
        )
    known = [variable.environment for variable in variables()]
    for name in strangers():
        near = difflib.get_close_matches(name, known, 1, 0.8)
        yield Finding(
            f"{name} is set, and there is no such setting.",
            f"It has no effect. Did you mean {near[0]}?" if near else "It has no effect.",
            f"unset {name}",
        )


def _values(settings: Settings, given: Mapping[str, str]) -> Iterator[Finding]:
    for name, words in _WORDS.items():
        value = getattr(settings, name)
        if value not in words:
            yield Finding(
                f"{given[name]} is {value!r}.",
                f"It can be {', '.join(words[:-1])} or {words[-1]}.",
                f"export {given[name]}={words[0]}",
            )
    for name in _FILES:
        value = getattr(settings, name)
        if value and not Path(value).expanduser().is_file():
            yield Finding(
                f"{given[name]} names {value}, and there is no such file.",
                "What needs it fails.",
                f"unset {given[name]}",
            )
    if settings.s3_upload_extra_args:
        try:
            right = isinstance(json.loads(settings.s3_upload_extra_args), dict)
        except ValueError:
            right = False
        if not right:
            name = given["s3_upload_extra_args"]
            yield Finding(f"{name} is no JSON object.", "Uploads to S3 fail.", f"unset {name}")


def _pairs(settings: Settings, given: Mapping[str, str]) -> Iterator[Finding]:
    far = scheme_of(settings.tracking_uri) in {"http", "https"} if settings.tracking_uri else False

    def useless(name: str, why: str) -> Finding:
        return Finding(f"{given[name]} is set, and has no effect.", why, f"unset {given[name]}")

    if settings.experiment_id and settings.experiment_name:
        yield useless("experiment_name", f"{given['experiment_id']} is set as well, and counts.")
    if settings.tracking_token and settings.tracking_username:
        yield useless("tracking_username", f"{given['tracking_token']} is set as well, and counts.")
    if settings.tracking_password and not settings.tracking_username:
        yield useless("tracking_password", "There is no user name beside it.")
    if settings.artifacts_destination and not settings.serve_artifacts:
        yield useless("artifacts_destination", "The server is told not to take artifacts itself.")
    if settings.direct_artifacts and not settings.serve_artifacts:
        yield useless("direct_artifacts", "The server is told not to take artifacts itself.")
    if settings.offline and far:
        yield Finding(
            f"{given['offline']} is on, and {given['tracking_uri']} names a server.",
            "Nothing is sent to it; what is logged stays on this machine.",
            f"unset {given['offline']}; treering sync",
        )
    if settings.s3_ignore_tls:
        yield Finding(
            f"{given['s3_ignore_tls']} is on.",
            "Certificates of S3 are not checked: whoever is on the way reads and changes artifacts.",
            f"unset {given['s3_ignore_tls']}",
        )
