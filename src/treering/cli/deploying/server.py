"""The server of a local deployment, as its supervisor starts it: `python -m treering.cli.deploying.server FILE`.

The file says what is served and how, as plain values: fields of `ServingOptions`, and where it listens.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from treering.core.errors import TreeringError
from treering.core.log import logger, show_log
from treering.serving.front.options import ServingOptions
from treering.serving.front.running import Where, serve

__all__ = ["main"]


def main(path: Path) -> int:
    """Serve until told to end; 1 if it cannot."""
    given = json.loads(path.read_bytes())
    show_log("INFO")
    try:
        serve(ServingOptions(**given["options"]), Where(given["host"], given["port"]))
    except TreeringError as error:
        logger.error("%s", error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
