"""Whether the database answers, has the right tables, and is whole."""

from __future__ import annotations

from contextlib import closing

from treering.core.errors import DamagedData, SchemaMismatch
from treering.storage.metadata.schema import SchemaState
from treering.upkeep.database import open_schema
from treering.upkeep.finding import Case, Examined, Finding

__all__ = ["check_database"]

_SHOWN = 10


def check_database(case: Case) -> Examined:
    """Looks at the schema, and has the database check its own files; a database that is not there yet is no fault."""
    with closing(open_schema(case.uri, new=True)) as schema:
        if not schema.exists():
            return Examined("database", f"{schema.name} is not there yet", skipped="the first run makes it")
        try:
            state = schema.state()
            findings = _tables(state)
            if not findings:
                findings = [
                    Finding(
                        f"The database is damaged: {line}.",
                        "A disk that fails, a copy made while it was written to, or another program that changed it.",
                        "Stop what uses it, and restore the last backup.",
                    )
                    for line in list(schema.damages())[:_SHOWN]
                ]
        except (DamagedData, SchemaMismatch) as error:
            what, _, advice = error.message.partition(". ")
            return Examined("database", schema.name, [Finding(f"{what}.", "Nothing in it can be used.", advice)])
    return Examined("database", f"{state.name}, revision {state.revision or 'none'}", findings)


def _tables(state: SchemaState) -> list[Finding]:
    if state.right:
        return []
    what = f"The database has the revision {state.revision or 'none'}; this Treering needs {state.expected}."
    if state.newer:
        return [Finding(what, "A newer Treering has migrated it.", "pip install --upgrade treering")]
    if state.revision != state.expected:
        return [Finding(what, "An older Treering made it.", "treering db upgrade")]
    return [
        Finding(
            f"The database lacks {', '.join(state.missing[:_SHOWN])}.",
            "Another program took it away, or a restored backup was not whole.",
            "treering db check  # and restore the last backup",
        )
    ]
