"""What is done before code of a model's maker runs: nothing if that is the user, else it takes the user's word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from treering.core.errors import PermissionDenied
from treering.core.log import logger
from treering.models.safety.own import is_own

if TYPE_CHECKING:
    from treering.models.load_options import LoadOptions

__all__ = ["ask_to_run"]


def ask_to_run(path: Path, why: str, instead: str, options: LoadOptions) -> None:
    """Let code run, or not.

    Args:
        path: The file that holds it, or makes it run.
        why: What of it is code.
        instead: How the maker could have saved the model without.

    Raises:
        PermissionDenied: If the user has neither saved the file nor allowed it.
    """
    if is_own(path, options.own):
        return
    if not options.allow_code:
        msg = (
            f"{path.name} can run code when it is read: {why}. So it was not read. If you trust who made the model,"
            f" load it with trust=True, or set TREERING_ALLOW_MODEL_CODE=true. {instead}"
        )
        raise PermissionDenied(msg)
    if not options.quiet:
        logger.warning("Loading %s, which can run code: %s. Load only models whose maker you trust.", path, why)
