"""Models of Spark MLlib: pipelines, single stages, vectors as input and output."""

import json
import shutil
from importlib import import_module

import life
import pandas as pd
import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import SQLTransformer, StringIndexer, VectorAssembler
from pyspark.ml.functions import array_to_vector
from pyspark.ml.regression import LinearRegression
from pyspark.sql import SparkSession, functions

import treering
from treering.core.errors import DamagedData, InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.models.signature import Signature, infer_signature
from treering.testing.flavours import FlavourSuite, Sample

SPARK = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "1")
    .getOrCreate()
)
ROWS = pd.DataFrame({"a": [0.0, 1, 2, 3, 4, 5], "b": [1.0, 0, 1, 0, 1, 0], "label": [0.0, 0, 0, 1, 1, 1]})
TABLE = SPARK.createDataFrame(ROWS)
FEW = ROWS[["a", "b"]]
LISTS = pd.DataFrame({"features": [[1.0, 2.0], [5.0, 0.0]]})
ASSEMBLER = VectorAssembler(inputCols=["a", "b"], outputCol="features")
VECTORS = TABLE.select(array_to_vector(functions.array("a", "b")).alias("features"), "label")

PIPELINE = Pipeline(stages=[ASSEMBLER, LogisticRegression(maxIter=3)]).fit(TABLE)
LINEAR = Pipeline(stages=[ASSEMBLER, LinearRegression(maxIter=3, labelCol="b")]).fit(TABLE)
PROBABILITIES = LogisticRegression(maxIter=2).setPredictionCol("").setProbabilityCol("prediction").fit(VECTORS)


def answer(model, rows):
    return [row.prediction for row in model.transform(SPARK.createDataFrame(rows)).select("prediction").collect()]


@pytest.fixture(scope="module")
def sample():
    return Sample(PIPELINE, FEW, answer(PIPELINE, FEW), ("sparkml/metadata/part-*",))


class TestSpark(FlavourSuite):
    flavour = "spark"


def test_a_stage_that_is_missing_is_told(tmp_path):
    save("spark", PIPELINE, tmp_path / "m")
    for path in (tmp_path / "m").glob("sparkml/stages/1_*/metadata/part-*"):
        path.unlink()
    with pytest.raises(DamagedData, match="incomplete"):
        load(tmp_path / "m")


def test_a_single_stage_is_saved_as_a_pipeline_and_takes_lists_for_vectors(tmp_path):
    save("spark", PROBABILITIES, tmp_path / "m")
    found = load(tmp_path / "m")
    assert isinstance(found.native, PipelineModel)
    expected = PROBABILITIES.transform(
        SPARK.createDataFrame(LISTS).select(array_to_vector("features").alias("features"))
    ).collect()
    assert life.alike(life.plain(found.predict(LISTS)), [list(row.prediction) for row in expected])


def test_vectors_stand_in_a_signature_as_mlflow_writes_them(tmp_path):
    signature = infer_signature(VECTORS.select("features"), PROBABILITIES.transform(VECTORS).select("prediction"))
    assert json.loads(signature.inputs.to_text()) == [{"type": "sparkml_vector", "name": "features", "required": True}]
    assert Signature.from_dict(signature.to_dict()) == signature
    save("spark", PROBABILITIES, tmp_path / "m", SaveOptions(signature=signature))
    assert [len(row) for row in load(tmp_path / "m").predict(LISTS)] == [2, 2]
    with pytest.raises(InvalidInput, match="features"):
        load(tmp_path / "m").predict(pd.DataFrame({"features": ["text"]}))


def test_a_transformer_answers_with_what_it_makes(tmp_path):
    words = pd.DataFrame({"word": ["x", "y", "x"]})
    indexer = StringIndexer(inputCol="word", outputCol="place").fit(SPARK.createDataFrame(words))
    save("spark", indexer, tmp_path / "m")
    assert load(tmp_path / "m").predict(words) == [0.0, 1.0, 0.0]
    assert indexer.getOutputCol() == "place"


def test_a_pipeline_without_an_answer_says_what_it_makes(tmp_path):
    model = LogisticRegression(maxIter=1).setPredictionCol("").fit(VECTORS)
    save("spark", model, tmp_path / "m")
    with pytest.raises(InvalidInput, match="probability"):
        load(tmp_path / "m").predict(LISTS)


def test_stages_that_could_run_code_need_the_users_word(tmp_path):
    statement = "SELECT *, 1 AS prediction FROM __THIS__"
    save("spark", PipelineModel([SQLTransformer(statement=statement)]), tmp_path / "m")
    with pytest.raises(PermissionDenied, match=r"trust=\['org.apache.spark.ml.feature.SQLTransformer'\]"):
        load(tmp_path / "m", LoadOptions())
    assert load(tmp_path / "m", LoadOptions(allow_code=True)).predict(FEW) == [1] * 6
    save("spark", LINEAR, tmp_path / "own")
    (part,) = (tmp_path / "own").glob("sparkml/stages/1_*/metadata/part-*")
    part.write_text(part.read_text().replace("org.apache.spark.ml.regression.LinearRegressionModel", "evil.Stage"))
    with pytest.raises(PermissionDenied, match=r"evil\.Stage"):
        load(tmp_path / "own", LoadOptions())
    assert load(tmp_path / "m", LoadOptions(trust=("org.apache.spark.ml.feature.SQLTransformer",)))


def described(stage):
    (part,) = stage.glob("metadata/part-*")
    return part


def evil(part, name):
    text = part.read_text().replace("org.apache.spark.ml.regression.LinearRegressionModel", "evil.Stage")
    (part.parent / name).parent.mkdir(exist_ok=True)
    (part.parent / name).write_text(text)


def as_a_file(part):
    text = part.read_text()
    shutil.rmtree(part.parent)
    part.parent.write_text(text.replace("org.apache.spark", "evil"))


def as_a_link(part):
    part.parent.rename(part.parent.parent / "hidden")
    part.parent.symlink_to("hidden")


def elsewhere(part):
    pipeline = described(part.parents[3])
    pipeline.write_text(pipeline.read_text().replace(LINEAR.stages[-1].uid, "x/../../../../../elsewhere"))


@pytest.mark.parametrize(
    ("hide", "told"),
    [
        (lambda part: evil(part, "aaa"), "'aaa'"),
        (lambda part: evil(part, "part-00000.gz"), r"part-00000\.gz"),
        (lambda part: evil(part, "a=1/part-00000"), "'a=1'"),
        (lambda part: part.write_text('{"class": "evil", ' + part.read_text()[1:]), "twice"),
        (as_a_file, "no folder"),
        (as_a_link, "no folder"),
        (elsewhere, "no name of a stage"),
    ],
)
def test_no_stage_is_described_where_only_spark_would_look(tmp_path, hide, told):
    save("spark", LINEAR, tmp_path / "m")
    (stage,) = (tmp_path / "m").glob("sparkml/stages/1_*")
    hide(described(stage))
    with pytest.raises(DamagedData, match=told):
        load(tmp_path / "m", LoadOptions())


def test_what_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="fitted"):
        save("spark", LinearRegression(), tmp_path / "m")


def test_vectors_are_asked_alike_by_mlflow(tmp_path):
    mlflow = import_module("mlflow.spark")
    shown = VECTORS.select("features"), PROBABILITIES.transform(VECTORS).select("prediction")
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs")
    treering.spark.save_model(PROBABILITIES, ours, signature=treering.models.infer_signature(*shown))
    signature = import_module("mlflow.models").infer_signature(*shown)
    mlflow.save_model(PROBABILITIES, theirs, signature=signature, pip_requirements=["pyspark"])
    for folder in (ours, theirs):
        found = treering.pyfunc.load_model(folder).predict(LISTS)
        assert life.alike(found, import_module("mlflow.pyfunc").load_model(folder).predict(LISTS))


def test_they_live_here_and_in_mlflow(tmp_path):
    life.exchange(tmp_path, life.Case("pipeline", "spark", PIPELINE, FEW, answer(PIPELINE, FEW)))
    life.live(tmp_path, life.Case("linear", "spark", LINEAR, FEW, answer(LINEAR, FEW), served=True))
