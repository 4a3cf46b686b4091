"""An environment is built of packages by name; options, addresses and paths of a model's maker need the user's word."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from treering.core.errors import DamagedData, PermissionDenied
from treering.environments.base import Specification
from treering.environments.foreign import check_names, foreign_lines
from treering.environments.specification import read
from treering.models.environment_files import write

HONEST = [
    "scikit-learn==1.5.0", "numpy>=1.26,<3", "pandas[parquet, excel]==2.2 ; python_version > '3.8'", "torch==2.5.0+cpu",
    "a.b~=1.0 ; sys_platform != 'win32' and extra == 'x/y'", "click==8.1 --hash=sha256:ab12 --hash=sha256:cd34",
]  # fmt: skip
FOREIGN = [
    "--index-url https://evil.example/simple", "--extra-index-url=https://evil.example", "-i https://evil.example",
    "-f https://evil.example", "--find-links /tmp", "--trusted-host evil.example", "--pre", "-e .", "-e git+https://x/y",
    "--editable=.", "-r /etc/passwd", "file:///tmp/evil.whl", "/tmp/evil.whl", "./evil", "..", ".", "evil.tar.gz/",
    "https://evil.example/x.whl", "git+ssh://evil.example/x", "numpy @ https://evil.example/numpy.whl",
    "numpy@file:///tmp/x.whl", "numpy --config-settings=x=y", "numpy --global-option=x", "C:\\evil.whl", "-",
]  # fmt: skip


def asked(*lines: str, **more: Any) -> Specification:
    return Specification(platform.python_version(), lines, **more)


def test_packages_by_name_are_nobodys_code() -> None:
    check_names(asked(*HONEST, constraints=("numpy<3",), build=("pip==24.0", "setuptools")))


@pytest.mark.parametrize("line", FOREIGN)
def test_all_else_needs_the_users_word(line: str) -> None:
    for wanted in (asked("numpy", line), asked(constraints=(line,)), asked(build=(line,)), _conda({"pip": [line]})):
        with pytest.raises(PermissionDenied, match="TREERING_ALLOW_MODEL_CODE"):
            check_names(wanted)


def _conda(*dependencies: Any, **more: Any) -> Specification:
    return asked(
        conda={"name": "x", "channels": ["conda-forge"], "dependencies": ["python=3.12", *dependencies], **more}
    )


@pytest.mark.parametrize("dependency", ["pip", "pip<=24", "python =3.11", "conda-forge::numpy=1.26", "libgcc-ng >=9,<10",
                                        "numpy 1.26.* py312_0", {"pip": ["numpy==2", "-c constraints.txt"]}])  # fmt: skip
def test_packages_of_conda_are_named(dependency: Any) -> None:
    assert list(foreign_lines(_conda(dependency))) == []


@pytest.mark.parametrize(
    "more",
    [
        {"channels": ["https://evil.example"]}, {"channels": "file:///tmp"}, {"prefix": "/tmp/x"},
        {"variables": {"LD_PRELOAD": "/tmp/evil.so"}}, {"dependencies": ["https://evil.example/x.conda"]},
        {"dependencies": ["https://evil.example::numpy"]}, {"dependencies": [{"run": ["x"]}]},
        {"dependencies": [{"pip": ["-e ."]}]}, {"dependencies": ["/tmp/x.tar.bz2"]},
    ],
)  # fmt: skip
def test_an_environment_of_conda_takes_nothing_from_elsewhere(more: Mapping[str, Any]) -> None:
    with pytest.raises(PermissionDenied, match="no environment was built"):
        check_names(asked(conda={"channels": ["conda-forge"], "dependencies": ["python=3.12"], **more}))


def test_what_treering_writes_itself_is_named(tmp_path: Path) -> None:
    write(tmp_path, ["numpy==2.0", "scikit-learn==1.5.0"])
    check_names(read(tmp_path))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("conda.yaml", "[" * 100_000), ("conda.yaml", "dependencies: numpy"), ("python_env.yaml", "build_dependencies: -e."),
        ("python_env.yaml", "python: 1" + ":1" * 600_000), ("requirements.txt", "numpy\n" * 400_000),
    ],
)  # fmt: skip
def test_files_of_absurd_depth_or_length_are_told(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "conda.yaml").write_text(yaml.safe_dump({"dependencies": ["numpy"]}))
    (tmp_path / name).write_text(text)
    with pytest.raises(DamagedData, match=name):
        read(tmp_path)
