"""The server of a local deployment, as its supervisor starts it: `python -m treering.cli.deploying.server FILE`.

The file says what is served and how, as plain values: fields of `ServingOptions`, and where it listens.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from treering.cli.models.options import trusted
from treering.core.errors import TreeringError
from treering.core.log import logger, show_log
from treering.core.settings import read_settings
from treering.models.load_options import LoadOptions
from treering.serving.front.options import ServingOptions, what_of_models
from treering.serving.front.running import Where, serve

__all__ = ["main"]


def main(path: Path) -> int:
    """Serve until told to end; 1 if it cannot."""
    given = json.loads(path.read_bytes())
    show_log("INFO")
    options, settings = given["options"], read_settings()
    what = options["what"]
    loading = LoadOptions.of(settings, trusted(tuple(what.pop("trust", ()))))
    told = what_of_models(what.pop("models", ()), loading)
    options["what"] = told if options["kind"] == "models" else {**what, "loading": told["loading"]}
    options.setdefault("body", settings.max_body_bytes)
    try:
        serve(ServingOptions(**options), Where(given["host"], given["port"]))
    except TreeringError as error:
        logger.error("%s", error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
