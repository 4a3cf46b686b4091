"""Models compiled to ONNX: that they answer as the native ones, and that those which do not are left alone."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from dataclasses import replace

import catboost
import lightgbm
import numpy as np
import onnx
import pandas as pd
import pytest
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from treering.bundles.build import ModelSource, Plan, build
from treering.bundles.store import BundleStore
from treering.bundles.verify import verify
from treering.core.errors import DamagedData, InvalidInput
from treering.models.compiled import COMPILERS
from treering.models.compiled import record as records
from treering.models.folder import SaveOptions, save
from treering.models.light.rows import Table
from treering.models.load_options import LoadOptions
from treering.models.loading import load

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame(RNG.normal(size=(300, 4)), columns=list("abcd"))
SIGN = (ROWS.a + 2 * ROWS.b > 0).astype(int)
WORD = np.where(SIGN == 1, "yes", "no")
WORTH = 3 * ROWS.a + ROWS.b
MIXED = ROWS.assign(city=RNG.choice(["Oslo", "Rome", "Bern"], 300))
TRUSTING = LoadOptions(allow_code=True, quiet=True)


def encoded(**options):
    parts = [("n", StandardScaler(), list("abcd")), ("c", OneHotEncoder(**options), ["city"])]
    return make_pipeline(ColumnTransformer(parts), LogisticRegression())


MODELS = {
    "linear": lambda: ("sklearn", LinearRegression().fit(ROWS, WORTH), ROWS, {}),
    "pipeline": lambda: ("sklearn", make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, SIGN), ROWS, {}),
    "words": lambda: ("sklearn", LogisticRegression().fit(ROWS, WORD), ROWS, {}),
    "shares": lambda: (
        "sklearn", LogisticRegression().fit(ROWS, SIGN), ROWS, {"pyfunc_predict_fn": "predict_proba"},
    ),
    "forest": lambda: ("sklearn", RandomForestClassifier(20, random_state=0).fit(ROWS, SIGN), ROWS, {}),
    "boosted": lambda: ("sklearn", GradientBoostingRegressor(n_estimators=20).fit(ROWS, WORTH), ROWS, {}),
    "array": lambda: ("sklearn", LogisticRegression().fit(ROWS.to_numpy(), SIGN), ROWS.to_numpy(), {}),
    "columns": lambda: ("sklearn", encoded(handle_unknown="ignore").fit(MIXED, SIGN), MIXED, {}),
    "xgboost in a pipeline": lambda: (
        "sklearn", make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=5)).fit(ROWS, SIGN), ROWS, {},
    ),
    "xgboost": lambda: ("xgboost", xgboost.XGBClassifier(n_estimators=5).fit(ROWS, SIGN), ROWS, {}),
    "xgboost of numbers": lambda: ("xgboost", xgboost.XGBRegressor(n_estimators=5).fit(ROWS, WORTH), ROWS, {}),
    "booster": lambda: (
        "xgboost", xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(ROWS, SIGN), 5), ROWS, {},
    ),
    "lightgbm": lambda: ("lightgbm", lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(ROWS, SIGN), ROWS, {}),
    "lightgbm of numbers": lambda: (
        "lightgbm", lightgbm.LGBMRegressor(n_estimators=5, verbose=-1).fit(ROWS, WORTH), ROWS, {},
    ),
    "catboost": lambda: (
        "catboost", catboost.CatBoostClassifier(iterations=5, verbose=0, allow_writing_files=False).fit(ROWS, SIGN), ROWS, {},
    ),
    "catboost of numbers": lambda: (
        "catboost", catboost.CatBoostRegressor(iterations=5, verbose=0, allow_writing_files=False).fit(ROWS, WORTH), ROWS, {},
    ),
}  # fmt: skip


def saved(folder, kind):
    flavour, model, rows, options = MODELS[kind]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save(flavour, model, folder, SaveOptions(input_example=rows[:5], pip_requirements=[], flavour=options))
    return rows


def compiled(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return COMPILERS.load("onnx")(folder, TRUSTING)


@pytest.fixture(params=MODELS)
def model(request, tmp_path):
    return tmp_path / "m", saved(tmp_path / "m", request.param)


@pytest.fixture
def forest(tmp_path):
    saved(tmp_path / "m", "forest")
    return tmp_path / "m"


def asked(folder, data):
    """The answer of what is compiled alone; NotImplemented where the native model has to be asked."""
    return load(folder, TRUSTING)._native._ask(data)


def test_a_compiled_model_answers_as_the_native_one(model):
    folder, rows = model
    native = load(folder, TRUSTING).predict(rows)
    outcome = compiled(folder)
    assert outcome.record is not None, outcome.reason
    assert outcome.record.differing <= 1
    assert outcome.record.rows >= 512
    found = asked(folder, rows)
    assert (found.dtype, found.shape) == (native.dtype, native.shape)
    if native.dtype.kind == "f":
        assert np.allclose(found, native, rtol=1e-5, atol=1e-5)
    else:
        assert (found == native).all()
    assert load(folder, TRUSTING).predict(rows[:1]).shape == native[:1].shape


def test_products_of_arrays_are_asked_without_onnx_runtime(tmp_path):
    saved(tmp_path / "m", "pipeline")
    assert compiled(tmp_path / "m").record.light
    program = f"""if True:
        import sys
        import numpy as np
        from pathlib import Path
        from treering.models.light.rows import Table
        from treering.models.loading import load
        load(Path({str(tmp_path / "m")!r})).predict_checked(Table(tuple("abcd"), matrix=np.ones((2, 4))), {{}})
        print(sorted({{"sklearn", "onnxruntime"}} & set(sys.modules)))
    """
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_compiling_twice_gives_the_same_bytes(forest):
    files = []
    for _ in range(2):
        compiled(forest)
        files.append({one.name: one.read_bytes() for one in (forest / records.FOLDER).iterdir()})
    assert files[0] == files[1]


def test_a_compiled_model_needs_no_framework(forest):
    compiled(forest)
    program = f"""if True:
        import sys
        import numpy as np
        from pathlib import Path
        from treering.models.light.rows import Table
        from treering.models.loading import load
        model = load(Path({str(forest)!r}))
        print(model.predict_checked(Table(tuple("abcd"), matrix=np.ones((2, 4))), {{}}).tolist())
        print(sorted({{"sklearn", "pandas", "onnx", "skl2onnx"}} & set(sys.modules)))
    """
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["[1, 1]", "[]"]


def test_tables_arrays_and_frames_are_answered_alike(forest):
    compiled(forest)
    wanted = asked(forest, ROWS)
    matrix = ROWS.to_numpy()
    for data in (
        matrix,
        np.asfortranarray(matrix),
        Table(tuple("abcd"), matrix=matrix),
        Table(tuple("abcd"), list(matrix.T)),
    ):
        assert (asked(forest, data) == wanted).all()


@pytest.mark.parametrize(
    "data",
    [
        ROWS[["b", "a", "c", "d"]],
        ROWS.rename(columns={"a": "z"}),
        ROWS[["a", "b", "c"]],
        ROWS[:0],
        ROWS.assign(a="text"),
        ROWS.to_numpy()[0],
        ROWS.to_numpy().astype(complex),
        ROWS.assign(a=np.inf),
        Table(("b", "a", "c", "d"), matrix=ROWS.to_numpy()),
        [[1, 2, 3, 4]],
    ],
    ids=str,
)
def test_what_was_not_proven_is_left_to_the_native_model(forest, data):
    compiled(forest)
    assert asked(forest, data) is NotImplemented


def test_missing_numbers_are_answered_only_where_both_agree(tmp_path):
    hole = ROWS.copy()
    hole.iloc[0, 0] = np.nan
    for kind, known in (("xgboost", True), ("pipeline", False)):
        folder = tmp_path / kind
        saved(folder, kind)
        native = load(folder, TRUSTING)
        assert compiled(folder).record.missing is known
        if known:
            assert (asked(folder, hole) == native.predict(hole)).all()
        else:
            assert asked(folder, hole) is NotImplemented
            with pytest.raises(ValueError, match="NaN"):
                load(folder, TRUSTING).predict(hole)


def test_one_request_for_the_native_model_does_not_slow_down_the_next(forest):
    compiled(forest)
    model = load(forest, TRUSTING)
    model.predict(ROWS.assign(a=ROWS.a.where(ROWS.a > 0, np.nan)))
    assert model._native._loaded is not None
    assert model._native.asked(ROWS, {}) is not NotImplemented
    # What somebody has in hand they may change, and then it is that which is asked.
    assert model.native is not None
    assert model._native if not hasattr(model._native, "asked") else model._native.asked(ROWS, {}) is NotImplemented


def test_whole_numbers_that_single_precision_lacks_are_left_to_the_native_model(tmp_path):
    saved(tmp_path / "m", "lightgbm")
    compiled(tmp_path / "m")
    big = np.full((2, 4), (1 << 24) + 1)
    assert asked(tmp_path / "m", big) is NotImplemented
    assert asked(tmp_path / "m", big - 2) is not NotImplemented


def test_a_model_that_refuses_unknown_texts_stays_native(tmp_path):
    save("sklearn", encoded().fit(MIXED, SIGN), tmp_path / "m", SaveOptions(input_example=MIXED[:5]))
    outcome = compiled(tmp_path / "m")
    assert outcome.record is None
    assert "unknown categories" in outcome.reason
    assert not (tmp_path / "m" / records.FOLDER).exists()


def test_a_model_whose_answers_come_out_otherwise_stays_native(forest, monkeypatch):
    """Every second row is answered by another number than the native model's: parity has to see it."""
    making = sys.modules.get("treering.models.compiled.making") or (
        COMPILERS.load("onnx") and sys.modules["treering.models.compiled.making"]
    )
    real = making.asker

    def wrong(session, record):
        ask = real(session, record)

        def asked(data):
            found = ask(data)
            found[::2] = 1 - found[::2]
            return found

        return asked

    monkeypatch.setattr(making, "asker", wrong)
    outcome = compiled(forest)
    assert outcome.record is None
    assert "answers are others" in outcome.reason
    assert not (forest / records.FOLDER).exists()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: make_pipeline(FunctionTransformer(np.log1p), LinearRegression()).fit(ROWS.abs(), WORTH), ""),
        (lambda: SVC(kernel=lambda a, b: a @ b.T).fit(ROWS, SIGN), ""),
    ],
)
def test_what_onnx_cannot_say_stays_native(tmp_path, make, reason):
    save(
        "sklearn", make(), tmp_path / "m",
        SaveOptions(input_example=ROWS.abs()[:5], flavour={"serialization_format": "cloudpickle"}, pip_requirements=[]),
    )  # fmt: skip
    outcome = compiled(tmp_path / "m")
    assert outcome.record is None
    assert reason in outcome.reason


def test_models_without_an_example_or_of_other_kinds_stay_native(tmp_path):
    save("sklearn", LinearRegression().fit(ROWS, WORTH), tmp_path / "bare")
    assert "without an example" in compiled(tmp_path / "bare").reason
    save("pyfunc", lambda rows: rows, tmp_path / "function", SaveOptions(input_example=ROWS[:5]))
    assert "flavour pyfunc" in compiled(tmp_path / "function").reason


def test_a_compiled_model_of_another_native_one_is_not_used(forest):
    compiled(forest)
    path = forest / "model.skops"
    path.write_bytes(path.read_bytes() + b"\0")
    assert type(load(forest, TRUSTING)._native._ask).__name__ != "ask" or not _is_compiled(forest)


def _is_compiled(folder):
    ask = load(folder, TRUSTING)._native._ask
    return getattr(ask, "__module__", "") == "treering.models.compiled.opening"


def test_a_changed_compiled_model_is_not_used(forest):
    compiled(forest)
    assert _is_compiled(forest)
    path = forest / records.FOLDER / records.MODEL
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DamagedData, match="not what its record says"):
        load(forest, TRUSTING)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "onnx"}'])
def test_a_broken_record_is_said(forest, text):
    compiled(forest)
    (forest / records.FOLDER / records.FILE_NAME).write_text(text)
    with pytest.raises(DamagedData, match="damaged"):
        load(forest, TRUSTING)


def test_a_compiled_model_that_reaches_for_files_outside_is_refused(forest, tmp_path):
    """The format lets a model say that its numbers stand in another file."""
    compiled(forest)
    (tmp_path / "secret").write_bytes(bytes(16))
    tensor = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [4], np.zeros(4, "f4").tobytes(), raw=True)
    onnx.external_data_helper.set_external_data(tensor, location="../../secret", length=16)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Add", ["X", "w"], ["y"])],
        "g",
        [value("X", 1, [None, 4])],
        [value("y", 1, [None, 4])],
        [tensor],
    )
    path = forest / records.FOLDER / records.MODEL
    path.write_bytes(onnx.helper.make_model(graph).SerializeToString())
    records.write(replace(records.read(forest), model=records.digest_of(path)), forest)
    with pytest.raises(DamagedData, match="cannot be read"):
        load(forest, TRUSTING)


def test_a_bundle_says_which_models_are_compiled_and_verifies_them(tmp_path):
    saved(tmp_path / "forest", "forest")
    save("sklearn", LinearRegression().fit(ROWS, WORTH), tmp_path / "bare", SaveOptions(pip_requirements=[]))
    store = BundleStore(tmp_path / "bundles")
    sources = [ModelSource("forest", tmp_path / "forest"), ModelSource("bare", tmp_path / "bare")]
    plan = Plan("both", sources, lock=False, loading=TRUSTING)
    made = build(store, plan)
    assert made.models[0].compiled.rows >= 512
    assert (made.models[1].compiled, made.models[1].native) == (
        None,
        "it was saved without an example to compare answers on",
    )
    assert not (tmp_path / "forest" / records.FOLDER).exists()
    folder = store.find("both")
    assert _is_compiled(folder / "models/forest")
    assert any(line.startswith("onnxruntime==") for line in (folder / "env/requirements.in").read_text().splitlines())
    assert build(store, plan) == made
    assert (verify(folder).wrong, verify(folder).asked) == ((), 1)
    with pytest.raises(InvalidInput, match="cannot be compiled"):
        build(store, replace(plan, compile="always"))
    assert json.loads((folder / "manifest.json").read_text())["models"][0]["compiled"]["tolerance"] == 1e-5
