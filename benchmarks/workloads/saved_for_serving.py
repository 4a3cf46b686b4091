"""Save the model that the servers are compared with: pickled, so that scikit-learn itself answers, and as it is by default."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import treering

sys.path.insert(0, str(Path(__file__).parent / "peers_serving"))
from trained import train

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    model, rows = train()
    np.save(folder / "rows.npy", rows)
    np.save(folder / "expected.npy", model.predict(rows))
    treering.sklearn.save_model(
        model, str(folder / "native"), input_example=rows[:2], serialization_format="cloudpickle"
    )
    treering.sklearn.save_model(model, str(folder / "saved"), input_example=rows[:2])
