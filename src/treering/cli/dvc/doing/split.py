"""The verb `split`."""

from __future__ import annotations

import json
from typing import Any

from treering.cli.dvc.call import Call, Misuse
from treering.client.splitting import split as make
from treering.preparation.record import to_json

__all__ = ["split"]


def split(call: Call) -> int:
    """Write the parts of a table beside it, or into a folder."""
    asked = call.options
    ways = {"stratify": asked.stratify, "group": asked.group, "time": asked.time, "key": asked.key}
    made = make(asked.file, _shares(asked.parts), ways, asked.seed, out=asked.out, log=False)
    if call.wants_json:
        call.show(json.loads(to_json(made.record)))
        return 0
    for part, path in zip(made.record.parts, made, strict=True):
        call.say(f"{part.name}: {part.rows:,} rows ({part.rows / made.record.rows:.1%}), {path}")
    for warning in made.warnings:
        call.say(f"{call.paint('warning', 'yellow')}: {warning}")
    return 0


def _shares(text: str) -> Any:
    """Shares as they are typed: `0.8,0.2`, or with names."""
    items = [item.strip() for item in text.split(",") if item.strip()]
    try:
        if any("=" in item for item in items):
            return {name.strip(): float(share) for name, _, share in (item.partition("=") for item in items)}
        return float(items[0]) if len(items) == 1 else [float(item) for item in items]
    except (ValueError, IndexError) as error:
        msg = f"{text!r} are no shares. Write them as 0.8,0.2 or as train=0.6,tune=0.2,test=0.2."
        raise Misuse(msg) from error
