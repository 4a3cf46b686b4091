"""Page tokens: where the last item of a page stands in the ordering, so that the next page starts behind it.

A token is base64 of JSON with the sort values of the last item and a digest of the
search that it belongs to. A token that is used with another search is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Sequence
from typing import cast

from treering.core.errors import InvalidInput
from treering.entities.page import Query
from treering.storage.metadata.search.syntax import Kind, OrderTerm, Scalar

__all__ = ["TEXT_ORDERED", "Cursor", "digest_of", "read_token", "write_token"]

TEXT_ORDERED = 256
"""Text is ordered by this many first characters; some databases sort by no more."""

Cursor = tuple[Scalar | None, ...]
"""The values of one item for each term of an ordering; None where it lacks the key."""

_ACCEPTED: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.NUMBER: (int, float),
    Kind.TIME: (int,),
    Kind.DURATION: (int,),
    Kind.WHOLE: (int,),
    Kind.ID: (int,),
}


def digest_of(noun: str, query: Query, *more: str) -> str:
    """A short fingerprint of everything in a search but the page that is asked for."""
    parts = [noun, query.filter, list(query.order_by), query.view, sorted(query.experiment_ids), *more]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def write_token(digest: str, cursor: Cursor) -> str:
    """A token for the page behind `cursor`."""
    text = json.dumps({"d": digest, "v": [_pack(value) for value in cursor]}, separators=(",", ":"), allow_nan=False)
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_token(token: str, digest: str, order: Sequence[OrderTerm]) -> Cursor | None:
    """Where the page starts; None for the first one.

    Raises:
        InvalidInput: If `token` was not written for this search.
    """
    if not token:
        return None
    try:
        content = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
        packed = content["v"]
        known = content["d"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError) as error:
        msg = "The page token is malformed. Pass the next_page_token of the page before, unchanged."
        raise InvalidInput(msg) from error
    if known != digest:
        msg = (
            "The page token belongs to another search. Repeat the search with the same filter,"
            " ordering and experiments, or start at the first page."
        )
        raise InvalidInput(msg)
    values = [_unpack(value) for value in packed] if isinstance(packed, list) else []
    fits = len(values) == len(order) and all(
        value is None or type(value) in _ACCEPTED[term.field.kind] for value, term in zip(values, order, strict=True)
    )
    if not fits:
        msg = "The page token is malformed. Pass the next_page_token of the page before, unchanged."
        raise InvalidInput(msg)
    return cast("Cursor", tuple(values))


def _pack(value: Scalar | None) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return {"f": str(value)}
    return value


def _unpack(value: object) -> object:
    if isinstance(value, dict) and value.get("f") in {"nan", "inf", "-inf"}:
        return float(value["f"])
    return value
