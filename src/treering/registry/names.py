"""What names, aliases, stages and tags in the registry may look like."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from treering.core.errors import InvalidInput
from treering.entities.model import STAGES

__all__ = [
    "check_alias",
    "check_max_results",
    "check_model_name",
    "check_page_number",
    "check_present",
    "check_stage",
    "check_tag_key",
    "check_tags",
    "check_text",
    "check_version",
]

_MAX_NAME = 256
_MAX_ALIAS = 255
_MAX_TAG_KEY = 250
_MAX_TAG_VALUE = 100_000
_MAX_DIGITS = 18
_ALIAS = re.compile(r"[\w\-]+")
_RESERVED = re.compile(r"latest|v\d+", re.IGNORECASE)


def check_present(value: str, what: str) -> str:
    """`value`. Raises InvalidInput if it is empty."""
    if not value:
        msg = f"Missing value for required parameter '{what}'. Give it a value that is not empty."
        raise InvalidInput(msg)
    return value


def check_text(value: str, what: str) -> str:
    """`value`. Raises InvalidInput if it holds NUL, which not every database can store."""
    if "\0" in value:
        msg = f"'{what}' holds the character NUL, which not every database can store. Remove it."
        raise InvalidInput(msg)
    return value


def check_model_name(name: str) -> str:
    """`name`, if a model can be registered under it. Raises InvalidInput if it is empty, too long, or holds / or :."""
    check_text(name, "name")
    if not name.strip():
        msg = "Registered model name cannot be empty. Give it a name."
        raise InvalidInput(msg)
    if "/" in name or ":" in name:
        msg = f"Invalid registered model name: {json.dumps(name)}. It must hold neither '/' nor ':'."
        raise InvalidInput(msg)
    if len(name) > _MAX_NAME:
        msg = f"The registered model name has {len(name)} characters, and {_MAX_NAME} are allowed. Shorten it."
        raise InvalidInput(msg)
    return name


def check_alias(alias: str) -> str:
    """`alias`, if a version can have it.

    Raises:
        InvalidInput: If it is empty, too long or reserved, or holds anything but letters, digits, `_` and `-`.
    """
    check_present(alias, "alias")
    if len(alias) > _MAX_ALIAS:
        reason = f"it has {len(alias)} characters, and {_MAX_ALIAS} are allowed"
    elif not _ALIAS.fullmatch(alias):
        reason = "it may hold only letters, digits, '_' and '-'"
    elif _RESERVED.fullmatch(alias):
        reason = "'latest' and names such as 'v1' are reserved, because they always mean the same version"
    else:
        return alias
    msg = f"Invalid alias name: {json.dumps(alias)}: {reason}. Choose another."
    raise InvalidInput(msg)


def check_stage(stage: str) -> str:
    """`stage` in the spelling of `STAGES`; case does not matter. Raises InvalidInput for any other."""
    for known in STAGES:
        if stage.lower() == known.lower():
            return known
    msg = f"Invalid Model Version stage: {json.dumps(stage)}. Value must be one of {', '.join(STAGES)}."
    raise InvalidInput(msg)


def check_tag_key(key: str) -> str:
    """`key`. Raises InvalidInput if it is empty or too long."""
    check_text(check_present(key, "key"), "key")
    if len(key) > _MAX_TAG_KEY:
        msg = f"'key' exceeds the maximum length of {_MAX_TAG_KEY} characters: it has {len(key)}. Shorten it."
        raise InvalidInput(msg)
    return key


def check_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """A copy of `tags`. Raises InvalidInput if a key or value is too long."""
    for key, value in (tags or {}).items():
        check_tag_key(key)
        check_text(value, f"value of the tag {key}")
        if len(value) > _MAX_TAG_VALUE:
            msg = f"The value of the tag '{key}' has {len(value)} characters, and {_MAX_TAG_VALUE} are allowed."
            raise InvalidInput(msg)
    return dict(tags or {})


def check_version(version: int) -> int:
    """`version`. Raises InvalidInput if it cannot be the number of one."""
    if not 1 <= version < 1 << 31:
        msg = f"Invalid value {version} for parameter 'version' supplied: Versions count from 1."
        raise InvalidInput(msg)
    return version


def check_page_number(token: str) -> int:
    """The number that a page token stands for; 0 for "". Raises InvalidInput if it is none."""
    if token and not (token.isascii() and token.isdecimal() and len(token) <= _MAX_DIGITS):
        msg = f"{token[:100]!r} is no page token. Use the one that the last page gave."
        raise InvalidInput(msg)
    return int(token or 0)


def check_max_results(count: int, most: int) -> int:
    """`count`. Raises InvalidInput if it is not between 1 and `most`."""
    if not 1 <= count <= most:
        msg = f"Invalid value {count} for parameter 'max_results' supplied: It must be at least 1 and at most {most}."
        raise InvalidInput(msg)
    return count
