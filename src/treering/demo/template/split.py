"""Splits the table of tumours into three, each with the same share of malignant ones, and records how."""

from __future__ import annotations

import treering

__all__ = ["main"]


def main() -> None:
    """Write the parts beside the table: the same rows for the same seed, on every machine."""
    params = treering.data.params_show()
    treering.data.split("data/tumours.csv", params["split"], stratify="malignant", seed=params["seed"])


if __name__ == "__main__":
    main()
