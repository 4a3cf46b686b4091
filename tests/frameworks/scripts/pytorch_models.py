"""Networks of PyTorch and Lightning, trained, and led through their life."""

import life
import numpy as np
import torch

import networks
import treering

rows = np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)


def asked(model):
    with torch.no_grad():
        return model(torch.from_numpy(rows)).numpy()


torch.manual_seed(0)
plain = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
for _ in range(5):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(plain(torch.from_numpy(rows)), torch.ones(4, 1)).backward()
    optimizer.step()
plain.eval()
life.live("pytorch", plain, rows, asked(plain), theirs={"serialization_format": "pickle"}, native=asked)
graph = {"serialization_format": "pt2"}
life.live("pytorch", plain, rows, asked(plain), kind="graph", ours=graph, theirs={**graph, "input_example": rows})

line = networks.Line()
networks.trainer(max_epochs=2, logger=False, enable_checkpointing=False).fit(line, networks.loader(), networks.loader())
line.eval()
theirs = {"serialization_format": "pickle", "code_paths": [networks.__file__]}
life.live("pytorch", line, rows, asked(line), kind="lightning", theirs=theirs)

with treering.start_run() as run:
    treering.pytorch.log_state_dict(plain.state_dict(), "weights")
found = treering.pytorch.load_state_dict(f"runs:/{run.info.run_id}/weights")
assert all(torch.equal(found[name], value) for name, value in plain.state_dict().items())
life.finish()
