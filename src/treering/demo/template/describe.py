"""Says how many rows each part of the table has, and how malignant tumours differ from benign ones."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

__all__ = ["main"]


def main() -> None:
    """Read the parts, and write a metric of each and a plot of all."""
    parts = {name: pd.read_csv(f"data/tumours.{name}.csv") for name in ("train", "validation", "test")}
    told = {name: {"rows": len(part), "malignant": round(part["malignant"].mean(), 4)} for name, part in parts.items()}
    Path("parts.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    train = parts["train"]
    means = train.groupby("malignant").mean() / train.drop(columns="malignant").std()
    differences = pd.DataFrame({"standard deviations apart": (means.loc[1] - means.loc[0]).abs().round(3)})
    differences.rename_axis("feature").sort_values("standard deviations apart").to_csv("differences.csv")


if __name__ == "__main__":
    main()
