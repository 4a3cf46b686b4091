"""Models of the boosting libraries: every class that they have."""

import catboost
import life
import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.datasets import load_iris

from treering.core.errors import PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load, load_native
from treering.testing.flavours import FlavourSuite, Sample

rows, target = load_iris(return_X_y=True, as_frame=True)
numbers = target.astype(float) + rows.iloc[:, 0]
groups = [50, 50, 50]
few = rows.iloc[::20].reset_index(drop=True)
matrix = xgboost.DMatrix(rows, target)
dataset = lightgbm.Dataset(rows, target)
kinds = rows.assign(kind=np.where(rows.iloc[:, 0] > 5.5, "long", "short"))


class MyClassifier(xgboost.XGBClassifier):
    """A class of the user's, which is nowhere else."""


FAST, QUIET = {"n_estimators": 3, "n_jobs": 1}, {"verbose": False, "thread_count": 1, "iterations": 3}
LIGHT = {**FAST, "verbosity": -1}
MODELS = {
    "xgboost": {
        "booster": xgboost.train({"nthread": 1}, matrix, 3),
        "classifier": xgboost.XGBClassifier(**FAST).fit(rows, target),
        "regressor": xgboost.XGBRegressor(**FAST).fit(rows, numbers),
        "ranker": xgboost.XGBRanker(**FAST).fit(rows, target, group=groups),
        "forest": xgboost.XGBRFClassifier(**FAST).fit(rows, target),
        "stopped": xgboost.XGBClassifier(n_estimators=30, n_jobs=1, early_stopping_rounds=2).fit(
            rows, target, eval_set=[(rows, 2 - target)], verbose=False
        ),
    },
    "lightgbm": {
        "booster": lightgbm.train({"verbosity": -1, "num_threads": 1}, dataset, 3),
        "classifier": lightgbm.LGBMClassifier(**LIGHT).fit(rows, target),
        "regressor": lightgbm.LGBMRegressor(**LIGHT).fit(rows, numbers),
        "ranker": lightgbm.LGBMRanker(**LIGHT).fit(rows, target, group=groups),
    },
    "catboost": {
        "booster": catboost.train(catboost.Pool(rows, numbers), {**QUIET, "loss_function": "RMSE"}),
        "classifier": catboost.CatBoostClassifier(**QUIET).fit(rows, target),
        "regressor": catboost.CatBoostRegressor(**QUIET).fit(rows, numbers),
        "ranker": catboost.CatBoostRanker(**QUIET, bootstrap_type="No").fit(
            rows, target, group_id=np.repeat([0, 1, 2], 50)
        ),
    },
}


# MLflow trusts no ranker by itself; and a pickle of it has to be read, too.
THEIRS = {
    ("lightgbm", "ranker"): {"skops_trusted_types": ["lightgbm.sklearn.LGBMRanker", "lightgbm.basic.Booster"]},
    ("lightgbm", "regressor"): {"serialization_format": "cloudpickle"},
}


def answer(model, data):
    return model.predict(xgboost.DMatrix(data) if isinstance(model, xgboost.Booster) else data)


def sample_of(flavour, kind, *files, options=None):
    model = MODELS[flavour][kind]
    return Sample(model, few, answer(model, few), files, options or {})


class TestXgboost(FlavourSuite):
    flavour = "xgboost"

    @pytest.fixture(params=MODELS["xgboost"])
    def sample(self, request):
        return sample_of("xgboost", request.param, "model.ubj")


class TestLightgbm(FlavourSuite):
    flavour = "lightgbm"

    @pytest.fixture(params=MODELS["lightgbm"])
    def sample(self, request):
        return sample_of("lightgbm", request.param, "model.lgb" if request.param == "booster" else "model.skops")


class TestCatboost(FlavourSuite):
    flavour = "catboost"

    @pytest.fixture(params=MODELS["catboost"])
    def sample(self, request):
        return sample_of("catboost", request.param, "model.cb")


def test_columns_of_categories_are_asked_as_they_are(tmp_path):
    model = catboost.CatBoostClassifier(**QUIET, cat_features=["kind"]).fit(kinds, target)
    save("catboost", model, tmp_path / "m", SaveOptions(input_example=kinds.head(2)))
    np.testing.assert_array_equal(load(tmp_path / "m").predict(kinds), model.predict(kinds))


def test_a_class_of_the_users_is_saved_as_the_one_that_it_is_of(tmp_path):
    model = MyClassifier(**FAST).fit(rows, target)
    save("xgboost", model, tmp_path / "m")
    assert type(load_native(tmp_path / "m", "xgboost")) is xgboost.XGBClassifier
    np.testing.assert_array_equal(load(tmp_path / "m").predict(few), model.predict(few))


def test_a_class_from_elsewhere_is_imported_only_with_the_users_word(tmp_path):
    save("xgboost", MODELS["xgboost"]["classifier"], tmp_path / "m")
    text = (tmp_path / "m/MLmodel").read_text()
    (tmp_path / "m/MLmodel").write_text(text.replace("xgboost.sklearn.XGBClassifier", "subprocess.Popen"))
    with pytest.raises(PermissionDenied, match=r"subprocess\.Popen"):
        load(tmp_path / "m", LoadOptions(allow_code=False))


def test_they_live_here_and_in_mlflow(tmp_path):
    cases = []
    for flavour, models in MODELS.items():
        for kind, model in models.items():
            more = {"theirs": THEIRS.get((flavour, kind), {}), "served": kind == "ranker"}
            cases.append(life.Case(f"{flavour}-{kind}", flavour, model, few, answer(model, few), **more))
    life.live(tmp_path, *cases)
