"""Bundles, as users call them: `treering.bundle` is this package."""

from importlib import import_module

_HERE = "treering.client.bundles"
# One file is loaded for each kind of thing that is done: looking at bundles needs next to nothing.
_TABLE = {
    "Bundle": f"{_HERE}.keeping:Bundle",
    "build": f"{_HERE}.building:build",
    "build_bentofile": f"{_HERE}.building:build_bentofile",
    "containerize": f"{_HERE}.images:containerize",
    "delete": f"{_HERE}.keeping:delete",
    "dockerfile": f"{_HERE}.images:dockerfile",
    "export": f"{_HERE}.moving:export",
    "generate_keys": f"{_HERE}.checking:generate_keys",
    "get": f"{_HERE}.keeping:get",
    "import_bundle": f"{_HERE}.moving:import_bundle",
    "list_bundles": f"{_HERE}.keeping:list_bundles",
    "pull": f"{_HERE}.moving:pull",
    "push": f"{_HERE}.moving:push",
    "sign": f"{_HERE}.checking:sign",
    "tag": f"{_HERE}.keeping:tag",
    "verify": f"{_HERE}.checking:verify",
    "write_image": f"{_HERE}.images:write_image",
}

__all__ = sorted(_TABLE)  # noqa: PLE0605 -- a list of the table's names


def __getattr__(name: str) -> object:
    if name not in _TABLE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    module, _, attribute = _TABLE[name].partition(":")
    found: object = getattr(import_module(module), attribute)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_TABLE})
