"""Writes the generated parts of the docs: what stands between a pair of `<!-- generated: NAME -->` marks.

    python docs/generate.py            write
    python docs/generate.py --check    only say what is out of date; exit status 1 if anything is

The floors come from the import contract and the packages' own docstrings, settings
from `treering.core.settings`, commands from the command line itself, endpoints from
the catalogue of MLflow's protocol, and weights of dependencies are left as they were measured.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import click

from treering.cli.dvc.table import all_verbs
from treering.cli.main import main as treering_command
from treering.cli.verb_group import VerbCommand, VerbGroup
from treering.client.autologging import SWITCHES
from treering.core.settings import Variable, variables
from treering.wire.mlflow.catalogue import ENDPOINTS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "treering"
MARK = "<!-- generated: {} -->"
END = "<!-- end -->"
# Modules that the contract refuses together, in a reader's word.
TOGETHER = {
    "SQL": {"alembic", "psycopg", "pymysql", "sqlalchemy", "sqlite3"},
    "the web framework": {"starlette", "uvicorn"},
}


def floors() -> str:
    """The table of floors, lowest first, as the contract orders them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(item for item in contracts if item["type"] == "layers")["layers"]
    forbidden = [item for item in contracts if item["type"] == "forbidden"]
    lines = ["| floor | folder | what it is | and never imports |", "|---|---|---|---|"]
    for number, layer in enumerate(reversed(layers), 1):
        for name in (part.strip() for part in layer.split("|")):
            refused = {
                module.removeprefix("treering.")
                for item in forbidden
                if f"treering.{name}" in item["source_modules"]
                for module in item["forbidden_modules"]
            }
            words = [word for word, modules in TOGETHER.items() if modules <= refused]
            alone = refused.difference(*(TOGETHER[word] for word in words))
            shown = ", ".join([*words, *(f"`{module}`" for module in sorted(alone))])
            lines.append(f"| {number} | `{name}` | {_purpose(name)} | {shown} |")
    return "\n".join(lines)


def rooms() -> str:
    """The packages inside the floors, lowest floor first, with what each says of itself."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(item for item in contracts if item["type"] == "layers")["layers"]
    floor = [part.strip() for layer in reversed(layers) for part in layer.split("|")]
    found = [str(path.parent.relative_to(PACKAGE)) for path in sorted(PACKAGE.rglob("*/*/__init__.py"))]
    inner = [name for name in found if name.partition("/")[0] in floor]
    inner.sort(key=lambda name: (floor.index(name.partition("/")[0]), name))
    return "\n".join(["| room | what it is |", "|---|---|", *(f"| `{name}` | {_purpose(name)} |" for name in inner)])


def settings() -> str:
    """The table of settings."""
    lines = ["| variable | MLflow's, also honoured | default | what it sets |", "|---|---|---|---|"]
    lines += [
        f"| `{item.environment}` | {f'`{item.mlflow}`' if item.mlflow else ''} | {_preset(item)} | {item.help} |"
        for item in variables()
    ]
    return "\n".join(lines)


def mlflow_variables() -> str:
    """The variables of MLflow that are honoured."""
    lines = ["| MLflow's variable | the same as |", "|---|---|"]
    lines += [f"| `{item.mlflow}` | `{item.environment}` |" for item in variables() if item.mlflow]
    return "\n".join(lines)


def endpoints() -> str:
    """Every endpoint of MLflow's protocol, in the order of its parts."""
    lines = ["| endpoint | method | path |", "|---|---|---|"]
    for endpoint in ENDPOINTS:
        name = endpoint.name.removeprefix("mlflow.")
        lines.append(f"| `{name}` | {endpoint.method} | `{endpoint.path.replace(':path}', '}')}` |")
    return "\n".join(lines)


def commands() -> str:
    """Every command with its options, as the command line itself knows them."""
    return "\n\n".join(_command(treering_command, ("treering",)))


def _purpose(name: str) -> str:
    path = PACKAGE / name / "__init__.py"
    path = path if path.exists() else PACKAGE / f"{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def _preset(item: Variable) -> str:
    if item.default == "":
        return ""
    return f"`{str(item.default).lower() if isinstance(item.default, bool) else item.default}`"


def _command(command: click.Command, path: tuple[str, ...]) -> list[str]:
    context = click.Context(command, info_name=path[-1])
    usage = " ".join((*path, *command.collect_usage_pieces(context)))
    heading = f"{'#' * min(len(path) + 1, 4)} `{' '.join(path)}`"
    parts = [heading, _text(command.help or command.short_help or ""), f"Usage: `{usage}`"]
    if isinstance(command, VerbCommand) and command.arguments:
        named = [f"| `{item.name}` | {_text(item.help)} |" for item in command.arguments]
        parts.append("\n".join(["| argument | what it is |", "|---|---|", *named]))
    rows = [row for parameter in command.params if (row := _option(parameter, context))]
    if rows:
        parts.append("\n".join(["| option | default | what it does |", "|---|---|---|", *rows]))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                parts += _command(inner, (*path, name))
    return [part for part in parts if part]


def _option(parameter: click.Parameter, context: click.Context) -> str:
    if not isinstance(parameter, click.Option) or parameter.hidden:
        return ""
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    preset = parameter.get_default(context, call=False)
    shown = (
        "" if callable(preset) or preset in (None, "", (), [], False) or "Sentinel" in repr(preset) else f"`{preset}`"
    )
    return f"| {names} | {shown} | {_text(parameter.help or '')} |"


def _text(text: str) -> str:
    return " ".join(text.replace("\b", "").replace("|", "\\|").split())


def dvc_commands() -> str:
    """Every command of DVC, with the command of Treering's own that is made from the same verb, or why there is none."""
    ours: dict[str, str] = {}
    for name in ("data", "exp", "pipeline"):
        command = treering_command.get_command(click.Context(treering_command), name)
        if isinstance(command, VerbGroup):
            ours |= _own_names(command, f"treering {name}")
    lines = ["| `treering dvc` | Treering's own | what it does |", "|---|---|---|"]
    for verb in all_verbs():
        if verb.hidden and not verb.refused:
            continue
        names = ", ".join(f"`{name}`" for name in (verb.name, *verb.aliases))
        own = f"`{ours[verb.name]}`" if verb.name in ours else ""
        lines.append(f"| {names} | {own} | {f'Refused: {verb.refused}.' if verb.refused else verb.help} |")
    return "\n".join(lines)


def _own_names(group: VerbGroup, path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, item in group.rows.items():
        if isinstance(item, VerbGroup):
            found |= _own_names(item, f"{path} {name}")
        elif isinstance(item.verb, str):
            found[item.verb] = f"{path} {name}"
    return found


def libraries() -> str:
    """The table of libraries that can be logged, with their own options and what those are unless given."""
    lines = ["| `treering.` | tested from | options of its own |", "|---|---|---|"]
    for name, switch in sorted(SWITCHES.items()):
        own = ", ".join(f"`{key}={value!r}`" for key, value in switch.own.items())
        lines.append(f"| `{name}.autolog` | {switch.needs.replace('>=', ' ')} | {own} |")
    return "\n".join(lines)


GENERATED: dict[str, dict[str, Callable[[], str]]] = {
    "ARCHITECTURE.md": {"floors": floors, "rooms": rooms},
    "docs/autologging.md": {"libraries": libraries},
    "docs/mlflow-compatibility.md": {"endpoints": endpoints, "variables": mlflow_variables},
    "docs/settings.md": {"settings": settings},
    "docs/commands.md": {"commands": commands},
    "docs/dvc.md": {"commands": dvc_commands},
}


def renewed(path: Path, parts: dict[str, Callable[[], str]]) -> str:
    """The text of `path` with each of its generated parts written anew."""
    text = path.read_text("utf-8")
    for name, write in parts.items():
        start = MARK.format(name)
        pattern = re.compile(re.escape(start) + r"\n.*?" + re.escape(END), re.DOTALL)
        if not pattern.search(text):
            sys.exit(f"{path} has no line {start!r} with {END!r} below it; put them where the part belongs.")
        body = f"{start}\n\n{write()}\n\n{END}"
        text = pattern.sub(lambda _match, body=body: body, text)
    return text


def main() -> int:
    """Write, or check, and say which files that concerned."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if anything is out of date")
    arguments = parser.parse_args()
    status = 0
    for name, parts in GENERATED.items():
        path = ROOT / name
        text = renewed(path, parts)
        if text == path.read_text("utf-8"):
            continue
        if arguments.check:
            print(f"{name} is out of date. Run: make docs")
            status = 1
        else:
            path.write_text(text, "utf-8")
            print(f"wrote {name}")
    return status


if __name__ == "__main__":
    sys.exit(main())
