"""The makers of what every flavour's public module has: `log_model`, `save_model`, `load_model`, and its environment.

A module such as `treering.sklearn` says which flavour it is and what MLflow calls
the model there; everything else is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, NamedTuple

from treering.client.model_loading import load_native_model
from treering.client.model_logging import ModelInfo, Placement, split_options
from treering.client.model_logging import log_model as log_any
from treering.client.model_logging import save_model as save_any
from treering.core.errors import InvalidInput
from treering.models.environment_files import conda_environment
from treering.models.requirements import pin

__all__ = ["Defaults", "Face", "defaults", "face", "log_given", "save_given"]

_PLACEMENT = ("name", "artifact_path", "registered_model_name", "step", "model_type", "params", "tags", "model_id")
# What MLflow's users may give and nothing here needs: a version is ready when it is registered, for one.
_IGNORED = {"await_registration_for", "mlflow_model", "prompts"}
_POSITIONAL = ("conda_env", "code_paths")

_LOG = """Save a model of {framework} as a logged model of the active run.

    Args:
        artifact_path: The name, under the word that older MLflow uses.
        name: Of the logged model; `model` unless given.
        registered_model_name: The registered model that it becomes the next version of.
        await_registration_for: Accepted for MLflow's sake; a version is ready when this returns.
        options: `signature`, `input_example`, `pip_requirements`, `extra_pip_requirements`, `conda_env`,
            `code_paths`, `metadata`, and those of every flavour that `SaveOptions` lists{own}.

    Raises:
        InvalidInput: If the model or an option cannot be saved.
    """

_SAVE = """Save a model of {framework} to a folder. Options and errors as for `log_model`."""

_LOAD = """The object of {framework} itself.

    Args:
        dst_path: The folder that a model from elsewhere is fetched to; a temporary one unless given.
        options: `trust`: names that a pickle of the model may refer to though the allow-list has them not{own}.

    Raises:
        NotFound: If there is no such model.
        PermissionDenied: If loading could run code and the settings forbid that.
    """


class Defaults(NamedTuple):
    """What it says of the environment that its models need."""

    get_default_pip_requirements: Callable[..., list[str]]
    get_default_conda_env: Callable[..., dict[str, Any]]


class Face(NamedTuple):
    """What a flavour's public module offers."""

    log_model: Callable[..., ModelInfo]
    save_model: Callable[..., None]
    load_model: Callable[..., Any]


def face(
    flavour: str,
    argument: str,
    framework: str,
    *,
    positional: tuple[str, ...] = _POSITIONAL,
    saving: str = "",
    loading: str = "",
) -> Face:
    """The calls for one flavour.

    Args:
        flavour: Its row in `treering.models.flavours.FLAVOURS`.
        argument: What MLflow calls the model there, such as `sk_model`; users name it by that.
        framework: As a reader knows it, such as scikit-learn.
        positional: Options that MLflow lets users give by their place, after the model and its name or path.
        saving: The flavour's own options of `log_model` and `save_model`, for the docstring.
        loading: Those of `load_model`.
    """

    def log_model(*given: Any, **options: Any) -> ModelInfo:
        named = _named("log_model", (argument, "artifact_path", *positional), given, options)
        return log_given(flavour, named.pop(argument), named)

    def save_model(*given: Any, **options: Any) -> None:
        named = _named("save_model", (argument, "path", *positional), given, options)
        if "path" not in named:
            msg = "save_model() needs the argument 'path'"
            raise TypeError(msg)
        save_given(flavour, named.pop(argument), named.pop("path"), named)

    def load_model(model_uri: str, dst_path: str | Path | None = None, **options: Any) -> Any:
        return load_native_model(flavour, model_uri, dst_path, options)

    _describe(log_model, flavour, _LOG.format(framework=framework, own=_listed(saving)))
    _describe(save_model, flavour, _SAVE.format(framework=framework))
    _describe(load_model, flavour, _LOAD.format(framework=framework, own=_listed(loading)))
    _sign(log_model, argument, ("artifact_path", *positional), (*_PLACEMENT[:1], *_PLACEMENT[2:]))
    _sign(save_model, argument, ("path", *positional), ())
    return Face(log_model, save_model, load_model)


def defaults(*packages: str, optional: tuple[str, ...] = ()) -> Defaults:
    """The calls for the environment of one flavour.

    Args:
        packages: What loading its models always needs.
        optional: What some of them need; `include_<package>=True` adds one.
    """
    switches = tuple(f"include_{name}" for name in optional)

    def get_default_pip_requirements(*included: bool, **named: bool) -> list[str]:
        """The packages that every saved model of the flavour needs at least, pinned to what is installed.

        Args:
            included: Which optional packages to add.
            named: The same by name, such as `include_cloudpickle=True`.
        """
        chosen = _bound("get_default_pip_requirements", switches, included, named)
        if unknown := sorted(set(chosen) - set(switches)):
            msg = (
                f"get_default_pip_requirements() has no argument {unknown[0]!r}, only: {', '.join(switches) or 'none'}"
            )
            raise TypeError(msg)
        return [pin(name) for name in (*packages, *(name for name in optional if chosen.get(f"include_{name}")))]

    def get_default_conda_env(*included: bool, **named: bool) -> dict[str, Any]:
        """The environment of conda with these packages. Arguments as of `get_default_pip_requirements`."""
        return conda_environment(get_default_pip_requirements(*included, **named))

    return Defaults(get_default_pip_requirements, get_default_conda_env)


def log_given(flavour: str, model: Any, named: Mapping[str, Any]) -> ModelInfo:
    """Log `model` with all options as a user names them: where it goes, and how it is saved.

    Raises:
        InvalidInput: If the model or an option cannot be saved.
    """
    options = {key: value for key, value in named.items() if key not in _IGNORED}
    where = {key: options.pop(key) for key in _PLACEMENT if key in options}
    placement = Placement(
        where.get("name") or where.get("artifact_path") or "model",
        where.get("registered_model_name") or "",
        where.get("step") or 0,
        where.get("model_type") or "",
        where.get("params"),
        where.get("tags"),
        where.get("model_id") or "",
    )
    return log_any(flavour, model, placement, split_options(options))


def save_given(flavour: str, model: Any, path: str | Path, named: Mapping[str, Any]) -> None:
    """Save `model` to a folder, with all options as a user names them.

    Raises:
        InvalidInput: If the model or an option cannot be saved.
    """
    options = {key: value for key, value in named.items() if key not in _IGNORED}
    save_any(flavour, model, path, split_options(options))


def _named(call: str, order: tuple[str, ...], given: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """All arguments by their names, of which the first is the model."""
    named = _bound(call, order, given, options)
    if order[0] not in named:
        msg = f"{call}() needs the model: give it first, or as {order[0]}=."
        raise InvalidInput(msg)
    return named


def _bound(call: str, order: tuple[str, ...], given: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """All arguments by their names, as Python would bind them."""
    if len(given) > len(order):
        msg = f"{call}() takes {len(order)} arguments by their place and was given {len(given)}; name the others"
        raise TypeError(msg)
    placed = dict(zip(order, given, strict=False))
    if twice := sorted(set(placed) & set(options)):
        msg = f"{call}() got the argument {twice[0]!r} twice"
        raise TypeError(msg)
    return {**placed, **options}


def _describe(call: Any, flavour: str, text: str) -> None:
    call.__doc__ = text
    call.__module__ = f"treering.client.flavours.{flavour}"
    call.__qualname__ = call.__name__


def _sign(call: Any, argument: str, optional: tuple[str, ...], named: tuple[str, ...]) -> None:
    """What `help` and editors show instead of `*given`."""
    places = [Parameter(argument, Parameter.POSITIONAL_OR_KEYWORD)]
    for name in optional:
        default = Parameter.empty if name == "path" else None
        places.append(Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default))
    places += [Parameter(name, Parameter.KEYWORD_ONLY, default=None) for name in named if name not in optional]
    call.__signature__ = Signature([*places, Parameter("options", Parameter.VAR_KEYWORD)])


def _listed(own: str) -> str:
    return f";\n            {own}" if own else ""
