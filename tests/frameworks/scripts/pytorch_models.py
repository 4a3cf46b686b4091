"""The life of trained networks of PyTorch and Lightning."""

import life
import numpy as np
import torch

import networks
import treering

ROWS = np.linspace(-1, 1, 8, dtype="float32").reshape(4, 2)


def asked(model):
    with torch.no_grad():
        return model(torch.from_numpy(ROWS)).numpy()


def trained():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(torch.from_numpy(ROWS)), torch.ones(4, 1)).backward()
        optimizer.step()
    return model.eval()


def test_they_live_here_and_in_mlflow(tmp_path):
    model, line, data = trained(), networks.Line(), networks.loader()
    networks.trainer(max_epochs=2, logger=False, enable_checkpointing=False).fit(line, data, data)
    line.eval()
    graph, pickled = {"serialization_format": "pt2"}, {"serialization_format": "pickle"}
    life.live(
        tmp_path,
        life.Case("layers", "pytorch", model, ROWS, asked(model), native=asked, theirs=pickled),
        life.Case(
            "graph", "pytorch", model, ROWS, asked(model),
            kind=torch.nn.Module, options=graph, theirs={"input_example": ROWS}, served=True,
        ),
        life.Case(
            "lightning", "pytorch", line, ROWS, asked(line),
            kind=torch.nn.Module, theirs={**pickled, "code_paths": [networks.__file__]}, trust=True,
        ),
    )  # fmt: skip


def test_a_graph_that_was_traced_with_a_part_of_an_array_takes_whole_ones(tmp_path):
    wide = np.concatenate([ROWS, ROWS], axis=1)
    model = trained()
    options = {"serialization_format": "pt2", "input_example": wide[:, 2:]}
    treering.pytorch.save_model(model, str(tmp_path / "m"), **options)
    found = treering.pyfunc.load_model(str(tmp_path / "m"))
    for rows in (ROWS, wide[:, :2], ROWS[:, ::-1][:, ::-1]):
        np.testing.assert_allclose(found.predict(rows), asked(model), rtol=1e-5)


def test_a_state_dictionary_is_logged_and_loaded():
    state = trained().state_dict()
    with treering.start_run() as run:
        treering.pytorch.log_state_dict(state, "weights")
    found = treering.pytorch.load_state_dict(f"runs:/{run.info.run_id}/weights")
    assert all(torch.equal(found[name], value) for name, value in state.items())
