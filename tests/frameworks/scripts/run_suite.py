"""Runs files of tests in the environment of a framework: `run_suite.py FILE ... [argument of pytest ...]`."""

import sys
from pathlib import Path

import pytest

# Not the project's own settings and fixtures, which need what is not installed here.
plain = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--noconftest", "-c", "none.ini", "--rootdir=."]
Path("none.ini").touch()
sys.exit(pytest.main([*sys.argv[1:], *plain]))
