"""What programs that have ended left in their journals, what stores refused, and what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from treering.client.sync import deliver_left
from treering.core.errors import DamagedData, NotFound
from treering.storage.journal.files import kept_files
from treering.storage.journal.folder import acknowledged, orphans
from treering.storage.journal.reader import Damaged, JournalReader, Record, open_reader
from treering.upkeep.finding import Case, Examined, Finding, listed

__all__ = ["check_journals"]


def check_journals(case: Case) -> Examined:
    """Looks into the folder of journals; with `case.fix` delivers first."""
    folder = case.home / "journal"
    fixed = list(_delivered(case)) if case.fix and orphans(folder) else []
    left = orphans(folder)
    waiting = [finding for path in left for finding in _waiting(path)]
    live = len(list(folder.glob("*.journal"))) - len(left) if folder.is_dir() else 0
    summary = f"{folder}: {live} of running programs, {len(left)} left by others"
    return Examined("journals", summary, [*fixed, *waiting, *_refused(folder), *_alone(folder)])


def _delivered(case: Case) -> Iterator[Finding]:
    for one in deliver_left(case.settings, case.home):
        if not one.error:
            yield Finding(
                f"{one.journal} waited for delivery.",
                "Its program ended before it could deliver it.",
                "treering sync",
                f"Delivered {one.records} records; the runs it left open are ended as KILLED.",
            )


def _waiting(path: Path) -> Iterator[Finding]:
    try:
        reader = open_reader(path)
    except NotFound:
        return  # somebody has delivered it meanwhile
    except DamagedData as error:
        yield Finding(
            error.message,
            "Its beginning is damaged, or a newer Treering wrote it.",
            f"mv {path} {path}.damaged  # after upgrading Treering did not help",
        )
        return
    try:
        damages = _damages(reader)
        destination = reader.opening.destination or "the store beside it"
        size = path.stat().st_size - acknowledged(path) + sum(size for _, size in kept_files(path))
    finally:
        reader.close()
    yield Finding(
        f"{path} waits for delivery to {destination}: {max(size, 0)} bytes.",
        "Its program ended before it could deliver it.",
        "treering sync",
    )
    if damages:
        yield Finding(
            f"{path} has {damages} damaged stretches.",
            "A disk that fails. What is readable before and behind them is delivered.",
            "treering sync",
        )


def _damages(reader: JournalReader) -> int:
    count = 0
    while records := reader.read():
        count += sum(isinstance(one, Record) and isinstance(one.content, Damaged) for one in records)
    return count


def _refused(folder: Path) -> Iterator[Finding]:
    for path in sorted(folder.glob("*.refused")):
        lines = path.read_text("utf-8", "replace").count("\n")
        yield Finding(
            f"A store refused {lines} records; they are kept in {path}.",
            "Each line says why, such as a run that was deleted, or a param that has another value already.",
            f"less {path}  # then remove it",
        )
    for path in sorted(folder.glob("*.refused-files")):
        yield Finding(
            f"A store refused {len(list(path.iterdir()))} files; they are kept in {path}.",
            "The file beside it that ends in .refused says why.",
            f"ls {path}  # then remove it",
        )


def _alone(folder: Path) -> Iterator[Finding]:
    names = [str(path) for path in sorted(folder.glob("*.files")) if not path.with_suffix(".journal").exists()]
    if names:
        yield Finding(
            f"Files without the journal that told of them: {listed(names)}.",
            "Somebody removed the journal.",
            f"ls {names[0]}  # then remove it",
        )
