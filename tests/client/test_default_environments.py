"""What a flavour says of the environment that its models need."""

from __future__ import annotations

import platform
from importlib import import_module, metadata

import pytest

from treering.models.flavours import FLAVOURS


@pytest.mark.parametrize("flavour", sorted(FLAVOURS.builtins))
def test_each_flavour_names_its_packages_and_an_environment_with_them(flavour: str) -> None:
    module = import_module(f"treering.client.flavours.{flavour}")
    packages = module.get_default_pip_requirements()
    assert packages
    environment = module.get_default_conda_env()
    assert environment["dependencies"] == [f"python={platform.python_version()}", "pip", {"pip": packages}]
    assert environment["channels"] == ["conda-forge"]


def test_packages_are_pinned_and_optional_ones_asked_for() -> None:
    sklearn = import_module("treering.client.flavours.sklearn")
    installed = f"scikit-learn=={metadata.version('scikit-learn')}"
    cloudpickle = f"cloudpickle=={metadata.version('cloudpickle')}"
    assert sklearn.get_default_pip_requirements() == [installed]
    assert sklearn.get_default_pip_requirements(True) == [installed, cloudpickle]
    skops = sklearn.get_default_pip_requirements(include_skops=True)
    assert [one.partition("==")[0] for one in skops] == ["scikit-learn", "skops"]
    assert sklearn.get_default_conda_env(include_cloudpickle=True)["dependencies"][2] == {
        "pip": [installed, cloudpickle]
    }


def test_a_package_that_the_flavour_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="include_torch"):
        import_module("treering.client.flavours.sklearn").get_default_pip_requirements(include_torch=True)
    with pytest.raises(TypeError, match="by their place"):
        import_module("treering.client.flavours.xgboost").get_default_pip_requirements(True)


def test_adapters_of_transformers_need_a_package_more() -> None:
    class Adapted:
        peft_config: object = None

    packages = import_module("treering.client.flavours.transformers").get_default_pip_requirements(Adapted())
    assert "peft" in {one.partition("==")[0] for one in packages}
