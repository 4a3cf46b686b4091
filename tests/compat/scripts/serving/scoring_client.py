"""MLflow's own client of model servers, in all the ways in which it asks: of a model of arrays, or of a table."""

import sys
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

place = urlsplit(sys.argv[1])
client = ScoringServerClient(place.hostname, place.port)
client.ping()
client.wait_server_ready()
assert client.get_version()

rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]])
right = [0, 2, 1]
frame = pd.DataFrame(rows, columns=["a", "b", "c", "d"])
# It cannot be given dictionaries: it unpacks their names as pairs.
ways = {"array": [rows, rows.tolist(), frame], "table": [frame, rows]}
for number, data in enumerate(ways[sys.argv[2]]):
    answer = client.invoke(data)
    assert list(answer["predictions"]) == right, (number, answer)
    assert answer.get_predictions().iloc[:, 0].tolist() == right, (number, answer)

try:
    client.invoke(np.array([["a", "b"]]))
except Exception as error:
    assert "error code 400" in str(error), error
else:
    raise AssertionError("words were taken for numbers")
print("all is well")
