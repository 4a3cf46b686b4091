"""`treering dvc`: a process that behaves as DVC's, with its exit statuses.

0 done, 1 a verb failed, 141 nobody reads any more, 251 the config is wrong, 252 interrupted,
253 no repository, 254 wrong usage, 255 everything else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.completing import candidates
from treering.cli.dvc.parser import Asked, HelpShown, WrongUsage, parse
from treering.cli.dvc.verb import Verb
from treering.core.errors import TreeringError
from treering.core.log import logger, show_log
from treering.versioning.errors import ConfigMistake, NotARepository, RulesInside, UnknownRemote, exit_status

__all__ = ["program", "run"]

_PIPE_CLOSED = 141
_INTERRUPTED = 252
_WRONG_USAGE = 254
_FAULT = 255


def program(arguments: Sequence[str], prog: str = "treering dvc") -> int:
    """Run a verb; the exit status.

    `--complete` as the first word is for the scripts of `completion`: it prints
    what the last word may become.
    """
    if arguments[:1] == ["--complete"]:
        *words, incomplete = arguments[1:] or [""]
        print("\n".join(candidates(words, incomplete)))
        return 0
    try:
        asked = parse(arguments, prog)
    except HelpShown:
        return 0
    except WrongUsage as error:
        _tell(str(error))
        print(error.help, file=sys.stderr)
        return _WRONG_USAGE
    return run(asked)


def run(asked: Asked) -> int:
    """Do what was asked; the exit status."""
    try:
        show_log("DEBUG" if asked.verbose else "ERROR" if asked.quiet else "WARNING", plain=True)
        os.chdir(asked.cd)
        status = _done(asked)
        # What cannot be written is found out here, not when the process ends.
        sys.stdout.flush()
    except KeyboardInterrupt:
        _tell("interrupted by the user")
        status = _INTERRUPTED
    except BrokenPipeError:
        # What is still in the buffer has nowhere to go; flushing it at the end must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = _PIPE_CLOSED
    except TreeringError as error:
        _tell(error.message)
        status = _status(error, asked.verb)
    except OSError as error:
        _tell(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        status = asked.verb.failed
    except Exception:  # noqa: BLE001 - the border of a command
        logger.exception("The command failed through a fault of Treering's own.")
        status = _FAULT
    return status


def _done(asked: Asked) -> int:
    if asked.verb.refused:
        _tell(f"{asked.verb.name} is not done: {asked.verb.refused}.")
        return asked.verb.failed
    module, _, name = asked.verb.does.partition(":")
    call = Call(asked, quiet=bool(asked.quiet))
    try:
        status = getattr(import_module(module), name)(call)
    finally:
        call.bar.clear()
    return status if isinstance(status, int) else 0


def _status(error: TreeringError, verb: Verb) -> int:
    """That of the verb where it has one of its own, else that of the error."""
    if isinstance(error, Misuse) and error.misuse_status:
        return error.misuse_status
    if isinstance(error, RulesInside):
        return exit_status(error)
    # DVC opens the repository before the verb begins; a wrong config is not the verb's failure.
    if isinstance(error, NotARepository | ConfigMistake) and not isinstance(error, UnknownRemote):
        return exit_status(error)
    if verb.failed == _FAULT:
        return exit_status(error)
    return verb.failed


def _tell(message: str) -> None:
    print(f"ERROR: {message}", file=sys.stderr)
