"""Identifiers, and the names that are made up when the user gives none."""

from __future__ import annotations

import re
import secrets
import uuid

from treering.core.errors import InvalidInput

__all__ = ["check_id", "new_model_id", "new_run_id", "new_run_name"]

_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")

_ADJECTIVES = [
    "amber",
    "ancient",
    "bold",
    "brisk",
    "calm",
    "clear",
    "crisp",
    "deep",
    "early",
    "eager",
    "fair",
    "fleet",
    "gentle",
    "golden",
    "green",
    "hardy",
    "keen",
    "kind",
    "light",
    "lively",
    "lucky",
    "mellow",
    "merry",
    "mighty",
    "noble",
    "patient",
    "placid",
    "proud",
    "quiet",
    "rapid",
    "rustic",
    "serene",
    "sharp",
    "silent",
    "silver",
    "sleek",
    "steady",
    "still",
    "stout",
    "sturdy",
    "subtle",
    "sunny",
    "swift",
    "tall",
    "tender",
    "tidy",
    "warm",
    "wild",
    "wise",
    "young",
]

_NOUNS = [
    "alder",
    "ash",
    "aspen",
    "badger",
    "beech",
    "birch",
    "bison",
    "carp",
    "cedar",
    "crane",
    "curlew",
    "cypress",
    "deer",
    "elder",
    "elm",
    "falcon",
    "fern",
    "finch",
    "fir",
    "fox",
    "hare",
    "hawk",
    "hazel",
    "heron",
    "holly",
    "ibis",
    "juniper",
    "larch",
    "linden",
    "lynx",
    "magpie",
    "maple",
    "marten",
    "moss",
    "oak",
    "otter",
    "owl",
    "pine",
    "plover",
    "poplar",
    "raven",
    "rowan",
    "salmon",
    "spruce",
    "stork",
    "swan",
    "thrush",
    "trout",
    "walnut",
    "willow",
    "wren",
    "yew",
]


def new_run_id() -> str:
    """32 lower-case hexadecimal digits, as MLflow clients expect."""
    return uuid.uuid4().hex


def new_model_id() -> str:
    """`m-` and 32 lower-case hexadecimal digits."""
    return f"m-{uuid.uuid4().hex}"


def new_run_name() -> str:
    """A name that people can say aloud, such as `swift-carp-91`; not unique."""
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_NOUNS)}-{secrets.randbelow(1000)}"


def check_id(value: str, what: str) -> str:
    """`value`, if it has the shape of an identifier.

    Raises:
        InvalidInput: If it has not, for example because it holds a slash.
    """
    if not _ID.fullmatch(value):
        msg = (
            f"Invalid {what}: {value!r}. It must start with a letter or digit and hold only"
            " letters, digits, '_' and '-', at most 256 in all."
        )
        raise InvalidInput(msg)
    return value
