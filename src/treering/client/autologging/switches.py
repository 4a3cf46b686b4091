"""Turning autologging on and off: for one library, or for all at once."""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from types import MappingProxyType, ModuleType
from typing import Any

from treering.client.autologging.guard import attempt
from treering.client.autologging.imports import when_imported
from treering.client.autologging.integrations import INTEGRATIONS
from treering.client.autologging.options import COMMON, Options
from treering.client.autologging.patches import Patches
from treering.core.errors import InvalidInput
from treering.core.log import logger

__all__ = ["SWITCHES", "Switch", "autolog", "switch"]


class Switch:
    """`treering.<library>.autolog`: called, it turns logging of the library on, or with `disable=True` off.

    Args:
        name: The row of `INTEGRATIONS`.
        module: The module whose import makes the library there to be wrapped; `name` unless given.
        needs: The distribution and its oldest version that was tested, such as `scikit-learn>=1.5`.
        presets: Values of common options, where the library's differ.
        own: Options of the library itself, and what they are unless given.
    """

    def __init__(
        self, name: str, needs: str = "", module: str = "", presets: dict[str, Any] | None = None, **own: Any
    ) -> None:
        self.name = name
        self.module = module or name
        self.needs = needs
        self.own = MappingProxyType(own)
        self._preset = replace(Options(own=own), **(presets or {}))
        self._lock = threading.RLock()
        self._patches: Patches | None = None
        self._waiting = False
        self._options: Options | None = None
        self._chosen = False
        self.__name__ = self.__qualname__ = "autolog"
        self.__signature__ = _signature(self._preset)

    @property
    def options(self) -> Options | None:
        """What holds now; None while nobody has turned it on."""
        return self._options

    @property
    def is_on(self) -> bool:
        """Whether the library is logged, or will be once it is imported."""
        return self._options is not None and not self._options.disable

    def __call__(self, **options: Any) -> None:
        """Log every training of the library from now on.

        Args:
            options: Those of `Options`, and the library's own.

        Raises:
            InvalidInput: If an option is none of this library.
        """
        with self._lock:
            wanted = self._parse(options)
            self._chosen = True
            self._set(wanted)

    def follow(self, options: dict[str, Any]) -> None:
        """As asked for all libraries; what was asked for this one goes first, unless all are turned off."""
        with self._lock:
            if self._chosen and not options.get("disable"):
                return
            wanted = self._parse(options)
            self._chosen = False
            self._set(wanted)

    def _parse(self, given: dict[str, Any]) -> Options:
        if unknown := sorted(set(given) - {*COMMON, *self.own}):
            known = ", ".join([*COMMON, *self.own])
            msg = f"autolog of {self.name} has no option {unknown[0]!r}. Known ones: {known}."
            raise InvalidInput(msg)
        common = {key: value for key, value in given.items() if key in COMMON}
        own = {**self.own, **{key: value for key, value in given.items() if key in self.own}}
        return replace(self._preset, **common, own=MappingProxyType(own))

    def _set(self, options: Options) -> None:
        self._options = options
        if options.disable:
            if self._patches is not None:
                self._patches.undo()
                self._patches = None
        elif self._patches is not None:
            self._patches.options = options
        elif not self._waiting:
            self._waiting = True
            with attempt(f"wrapping {self.name}", silent=options.silent):
                when_imported(self.module, self._install)

    def _install(self, _: ModuleType) -> None:
        with self._lock:
            self._waiting = False
            options = self._options
            if options is None or options.disable or not self._fits(options):
                return
            patches = Patches(self.name, options)
            try:
                INTEGRATIONS.load(self.name)(patches)
            except BaseException:
                patches.undo()
                raise
            self._patches = patches

    def _fits(self, options: Options) -> bool:
        distribution, _, oldest = self.needs.partition(">=")
        try:
            found = metadata.version(distribution) if oldest else ""
        except metadata.PackageNotFoundError:
            return True  # under another distribution's name, such as xgboost-cpu, or from a source tree
        if not oldest or _numbers(found) >= _numbers(oldest):
            return True
        if not options.silent:
            logger.warning(
                "Autologging of %s is tested from %s on, and %s %s is installed.%s",
                self.name, self.needs, distribution, found,
                " It is not logged." if options.disable_for_unsupported_versions else "",
            )  # fmt: skip
        return not options.disable_for_unsupported_versions


class _Others:
    """Switches of other people's integrations, made when they are first asked for."""

    made: dict[str, Switch] = {}  # noqa: RUF012  # shared on purpose


def autolog(  # noqa: PLR0913, PLR0917  # MLflow's signature
    log_input_examples: bool = False,  # noqa: FBT001, FBT002  # as above
    log_model_signatures: bool = True,  # noqa: FBT001, FBT002  # as above
    log_models: bool = True,  # noqa: FBT001, FBT002  # as above
    log_datasets: bool = True,  # noqa: FBT001, FBT002  # as above
    log_traces: bool = True,  # noqa: FBT001, FBT002  # as above
    disable: bool = False,  # noqa: FBT001, FBT002  # as above
    exclusive: bool = False,  # noqa: FBT001, FBT002  # as above
    disable_for_unsupported_versions: bool = False,  # noqa: FBT001, FBT002  # as above
    silent: bool = False,  # noqa: FBT001, FBT002  # as above
    extra_tags: dict[str, str] | None = None,
    exclude_flavors: Sequence[str] | None = None,
) -> None:
    """Log every training of every library that is known, now and when it is imported later.

    A library whose own `autolog` was called keeps what was asked there, unless all are disabled.

    Args:
        disable: Turn all off.
        exclude_flavors: Names of libraries to leave as they are.
    """
    given = {name: value for name, value in locals().items() if name != "exclude_flavors"}
    defaults = Options()
    # Where a library presets an option otherwise, only what the caller changed overrides it.
    changed = {name: value for name, value in given.items() if value != getattr(defaults, name)}
    for name in INTEGRATIONS.names():
        if name not in (exclude_flavors or ()):
            switch(name).follow(changed)


def switch(name: str) -> Switch:
    """The switch of a library, or of another package's integration."""
    found = SWITCHES.get(name)
    return found if found is not None else _Others.made.setdefault(name, Switch(name))


def _signature(preset: Options) -> inspect.Signature:
    own = dict(preset.own)
    values = {name: getattr(preset, name) for name in COMMON} | own
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature([inspect.Parameter(name, kind, default=value) for name, value in values.items()])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


_CHECKPOINTS: dict[str, Any] = {
    "checkpoint": True,
    "checkpoint_monitor": "val_loss",
    "checkpoint_mode": "min",
    "checkpoint_save_best_only": True,
    "checkpoint_save_weights_only": False,
    "checkpoint_save_freq": "epoch",
}

SWITCHES: Mapping[str, Switch] = MappingProxyType(
    {
        one.name: one
        for one in (
            Switch("catboost", "catboost>=1.2.7", registered_model_name=None),
            Switch("lightgbm", "lightgbm>=4.5", registered_model_name=None),
            Switch("optuna", "optuna>=4.2", metric_name="value"),
            Switch(
                "sklearn",
                "scikit-learn>=1.5",
                max_tuning_runs=5,
                log_post_training_metrics=True,
                serialization_format="cloudpickle",
                registered_model_name=None,
                pos_label=None,
            ),
            Switch("statsmodels", "statsmodels>=0.14.4", module="statsmodels.base.model", registered_model_name=None),
            Switch(
                "keras",
                "keras>=3.0",
                log_every_epoch=True,
                log_every_n_steps=None,
                registered_model_name=None,
                save_exported_model=False,
                save_model_kwargs=None,
            ),
            Switch(
                "pytorch",
                "torch>=2.1",
                "torch",
                log_every_n_epoch=1,
                log_every_n_step=None,
                registered_model_name=None,
                **_CHECKPOINTS,
            ),
            Switch(
                "tensorflow",
                "tensorflow>=2.16",
                log_every_epoch=True,
                log_every_n_steps=None,
                registered_model_name=None,
                saved_model_kwargs=None,
                keras_model_kwargs=None,
                **_CHECKPOINTS,
            ),
            # Networks of language are large, so they are logged only when asked for.
            Switch("transformers", "transformers>=4.45", "transformers.trainer", presets={"log_models": False}),
            Switch(
                "xgboost",
                "xgboost>=2.0",
                importance_types=None,
                registered_model_name=None,
                model_format="ubj",
            ),
        )
    }
)
"""The switch of each library that comes with Treering."""
