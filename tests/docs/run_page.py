"""Runs the blocks of one page in order, as a reader would, in one folder and one Python.

Reads the blocks as JSON from stdin. Python blocks share their names. Of a shell block
the lines that start with `treering` are run. A block noted `background: URL` is started
and left running until the page ends; the next block waits until the URL answers.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

DEADLINE = 60.0


def main() -> None:
    page, given = json.load(sys.stdin)
    names: dict[str, object] = {"__name__": "__main__"}
    with ExitStack() as stack:
        for block in given:
            if block["note"].startswith("not run"):
                continue
            if block["language"] == "python":
                # Empty lines in front, so that a traceback tells the line of the page.
                code = compile("\n" * (block["line"] - 1) + block["text"], page, "exec")
                exec(code, names)
            elif block["language"] == "sh":
                run_shell(block, stack)


def run_shell(block: dict[str, str], stack: ExitStack) -> None:
    for line in block["text"].replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words or words[0] != "treering":
            continue
        command = [str(Path(sys.executable).with_name("treering")), *words[1:]]
        if block["note"].startswith("background: "):
            start(command, block["note"].removeprefix("background: "), stack)
            continue
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            sys.exit(f"line {block['line']}: exit status {done.returncode}: {line}")


def start(command: list[str], url: str, stack: ExitStack) -> None:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"{shlex.join(command)} ended with exit status {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    sys.exit(f"{url} did not answer in {DEADLINE} seconds")


if __name__ == "__main__":
    main()
