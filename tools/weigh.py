"""What each dependency weighs: bytes installed, alone and with what it brings.

The source of the figures in docs/dependencies.md. Run: `.venv/bin/python tools/weigh.py`
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def name_of(requirement: str) -> str:
    """The distribution that a requirement names."""
    return re.split(r"[\s\[<>=!~;(]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def weight(found: Distribution) -> int:
    """Bytes of the files that were installed, without bytecode, which depends on the machine."""
    paths = [Path(str(found.locate_file(file))) for file in found.files or [] if not str(file).endswith(".pyc")]
    return sum(path.stat().st_size for path in paths if path.is_file())


def extras_of(requirement: str) -> set[str]:
    """The extras that a requirement asks for, such as `binary` in `psycopg[binary]`."""
    return {extra.strip() for part in re.findall(r"\[(.*?)\]", requirement) for extra in part.split(",")}


def closure(requirement: str, seen: dict[str, int]) -> dict[str, int]:
    """What `requirement` names and all that it needs here, each with its weight."""
    name = name_of(requirement)
    if name in seen:
        return seen
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return seen
    seen[name] = weight(found)
    for needed in found.requires or []:
        condition = re.search(r"extra == ['\"](.+?)['\"]", needed)
        if condition is None or condition[1] in extras_of(requirement):
            closure(needed, seen)
    return seen


def main() -> None:
    """Print a line per dependency of the project and of each extra, and their sums, of extras also beyond the core."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"core": project["dependencies"], **project["optional-dependencies"]}
    core: dict[str, int] = {}
    for requirement in project["dependencies"]:
        core |= closure(requirement, {})
    for group, requirements in groups.items():
        together: dict[str, int] = {}
        for requirement in requirements:
            name = name_of(requirement)
            if name == "treering":
                continue
            whole = closure(requirement, {})
            together |= whole
            alone = whole.pop(name, 0)
            brings = ", ".join(sorted(whole)) or "nothing"
            print(f"{group:11} {name:18} {alone / 1e6:7.1f} MB  brings {brings} ({sum(whole.values()) / 1e6:.1f} MB)")
        beyond = {name: size for name, size in together.items() if name not in core}
        print(
            f"{group:11} {'together':18} {sum(together.values()) / 1e6:7.1f} MB, {len(together)} distributions;"
            f" beyond the core {sum(beyond.values()) / 1e6:.1f} MB, {len(beyond)} distributions\n"
        )


if __name__ == "__main__":
    main()
