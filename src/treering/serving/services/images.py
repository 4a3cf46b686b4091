"""Where a service is to run: `image=treering.images.Image(python_version="3.11").python_packages("torch")`.

Said once beside the service, and read when it is packed; serving it in place takes no notice.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

__all__ = ["Image", "PythonImage"]


@dataclass(slots=True)
class Image:
    """What an image is made of, said step by step; each step gives the image back.

    Attributes:
        requirements: Packages of Python, and lines of requirements files, in order.
        files: Files that say what is needed: requirements, pyproject.toml, uv.lock.
        packages: Of the distribution.
        commands: Before the packages of Python are installed.
        later_commands: Behind them.
    """

    base_image: str | None = None
    distro: str = "debian"
    python_version: str | None = None
    lock_python_packages: bool = True
    pack_git_packages: bool = True
    requirements: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    packages: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    later_commands: list[str] = field(default_factory=list)
    included: list[str] = field(default_factory=list)

    def python_packages(self, *packages: str) -> Self:
        """Install packages of Python."""
        self.requirements += packages
        return self

    def requirements_file(self, path: str) -> Self:
        """Install what a requirements file lists."""
        self.files["requirements"] = path
        return self

    def pyproject_toml(self, path: str = "pyproject.toml") -> Self:
        """Install what a project depends on."""
        self.files["pyproject"] = path
        return self

    def uv_lock(self, path: str = "uv.lock") -> Self:
        """Install what uv has locked."""
        self.files["uv"] = path
        return self

    def system_packages(self, *packages: str) -> Self:
        """Install packages of the distribution."""
        self.packages += packages
        return self

    def run(self, command: str) -> Self:
        """Run a command while the image is built."""
        has_python = bool(self.requirements or self.files)
        (self.later_commands if has_python else self.commands).append(command)
        return self

    def run_script(self, path: str) -> Self:
        """Run a script while the image is built."""
        return self.run(f"sh {shlex.quote(Path(path).as_posix())}")

    def build_include(self, *patterns: str) -> Self:
        """Have files there while the image is built."""
        self.included += patterns
        return self


PythonImage = Image
"""The name that BentoML had before."""
