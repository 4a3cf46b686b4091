"""What Treering's capture and a careful user leave with a run: environment, diff, requirements, source and logs."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["captured"]

COMMITS = ("3f6c1b2a9d8e7f60514233241506978a1b2c3d4e", "3f6c1b2a9d8e7f60514233241506978a1b2c3d4e", "b" * 40)
PACKAGES = {
    "numpy": ("2.1.3", "2.1.3", "2.3.0"),
    "torch": ("2.5.1", "2.6.0", "2.6.0"),
    "torchvision": ("0.20.1", "0.21.0", "0.21.0"),
    "pillow": ("11.0.0", "11.0.0", "11.0.0"),
    "pandas": ("2.2.3", "2.2.3", ""),
    "polars": ("", "", "1.17.1"),
    "treering": ("0.3.0", "0.3.0", "0.3.0"),
}
# A context line that is empty begins with a blank; it stands here as a tilde.
DIFF = """diff --git a/train.py b/train.py
index 4b825dc..9f1a3c2 100644
--- a/train.py
+++ b/train.py
@@ -1,9 +1,11 @@
 import torch
 import treering
~
-RATE = 1e-3
+RATE = {rate}
+WARMUP = {warmup}
~
~
 def main():
-    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
+    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.05)
     for epoch in range(30):
         train(epoch)
diff --git a/config.yaml b/config.yaml
index 1234567..89abcde 100644
--- a/config.yaml
+++ b/config.yaml
@@ -3,4 +3,3 @@ model:
   width: 64
 data:
   augment: true
-  mixup: 0.2
""".replace("~", " ")
SOURCE = '''"""Trains a residual network on small pictures."""

import torch
import treering

RATE = 1e-3


def main() -> None:
    with treering.start_run(run_name="resnet"):
        for epoch in range(30):
            loss = train(epoch)  # a comment: "quoted" <b>not bold</b>
            treering.log_metric("train/loss", loss, step=epoch)


if __name__ == "__main__":
    main()
'''


def captured(number: int, run_id: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """Files and tags of the run of that number, 0 to 2: the same commit twice, each with other packages."""
    packages = {name: versions[number] for name, versions in PACKAGES.items() if versions[number]}
    diff = DIFF.format(rate=("3e-4", "1e-4", "")[number], warmup=(100, 500, 0)[number]) if number < 2 else ""
    files = {
        "treering/environment.json": json.dumps(_environment(number, packages, diff), indent=1).encode(),
        "requirements.txt": "".join(f"{name}=={version}\n" for name, version in packages.items()).encode(),
        "source/train.py": SOURCE.encode(),
        "logs/train.log": _log(number).encode(),
    }
    if diff:
        files["treering/source.diff"] = diff.encode()
    tags = {
        "treering.capture": f"runs:/{run_id}/treering",
        "treering.capture.digest": f"{number + 10:032x}",
        "treering.environment.python": ("3.12.7", "3.12.7", "3.13.1")[number],
        "treering.environment.platform": "Linux-6.8.0-x86_64",
        "treering.environment.cpu": "AMD EPYC 7763 64-Core Processor",
        "treering.environment.gpu": "NVIDIA L4" if number else "NVIDIA A100-SXM4-40GB",
        "mlflow.source.git.commit": COMMITS[number],
        "mlflow.source.git.branch": "main" if number < 2 else "polars",
        "mlflow.source.git.repoURL": "https://github.com/example/cifar10.git",
        "mlflow.source.git.dirty": "true" if diff else "false",
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": "ada",
    }
    return files, tags


def _environment(number: int, packages: dict[str, str], diff: str) -> dict[str, Any]:
    changed = ["config.yaml", "train.py"] if diff else []
    return {
        "format": 1,
        "captured": 1_760_000_000_000 + number * 60_000,
        "entry": "train.py",
        "command": ["train.py", "--depth", str(18 + 16 * number), "--token", "***"],
        "python": {
            "version": ("3.12.7", "3.12.7", "3.13.1")[number],
            "implementation": "CPython",
            "executable": "/usr/bin/python3",
        },
        "platform": {
            "system": "Linux",
            "release": "6.8.0",
            "machine": "x86_64",
            "description": "Linux-6.8.0-x86_64",
            "host": f"node-{number}",
        },
        "hardware": {
            "cpu": "AMD EPYC 7763 64-Core Processor",
            "cpu_count": 16,
            "memory": 68_719_476_736,
            "gpus": [{"name": "NVIDIA L4" if number else "NVIDIA A100-SXM4-40GB", "memory": 24 << 30, "driver": "550"}],
        },
        "packages": packages,
        "source": {
            "commit": COMMITS[number],
            "branch": "main" if number < 2 else "polars",
            "remote": "https://github.com/example/cifar10.git",
            "changed": changed,
            "left_out": [],
            "untracked": ["notes.md"],
            "untracked_count": 1,
            "dirty": bool(diff),
            "diff": {"file": "source.diff", "bytes": len(diff.encode()), "cut": False} if diff else None,
        },
    }


def _log(number: int) -> str:
    """Five thousand lines, some in a terminal's colours."""
    lines = []
    for step in range(5000):
        level = "\x1b[33mWARNING\x1b[0m" if step % 250 == 249 else "\x1b[32mINFO\x1b[0m"
        lines.append(
            f"2026-03-01 12:{step // 60 % 60:02}:{step % 60:02} {level} epoch {step // 170} step {step}"
            f" loss {2.3 / (1 + step / 400) + number / 50:.4f}"
        )
    lines.append('Traceback (most recent call last):\n  File "train.py", line 12, in main\nKeyboardInterrupt')
    return "\n".join(lines) + "\n"
