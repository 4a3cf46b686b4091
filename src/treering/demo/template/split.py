"""Splits the table of tumours into three, each with the same share of benign ones."""

from __future__ import annotations

import pandas as pd
from sklearn.model_selection import train_test_split

import treering

__all__ = ["main"]


def main() -> None:
    """Read the table, and write its parts."""
    params = treering.data.params_show()
    seed, shares = params["seed"], params["split"]
    table = pd.read_csv("data/tumours.csv", float_precision="round_trip")
    rest, test = train_test_split(table, test_size=shares["test"], stratify=table["target"], random_state=seed)
    of_rest = shares["validation"] / (1 - shares["test"])
    train, validation = train_test_split(rest, test_size=of_rest, stratify=rest["target"], random_state=seed)
    for name, part in (("train", train), ("validation", validation), ("test", test)):
        part.to_csv(f"data/{name}.csv", index=False)


if __name__ == "__main__":
    main()
