"""Models as functions on columns of Spark: the same answers as MLflow's function gives, of all types and calls."""

import os
from importlib import import_module

import life
import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession, functions, types
from sklearn.linear_model import LinearRegression

import treering
from treering.core.errors import InvalidInput, NotSupported
from treering.models import specifications as kinds
from treering.models.signature import Signature, infer_signature

ROWS = pd.DataFrame({"a": [0.0, 1.0, 2.5, 3.0], "b": [1.0, 0.0, 1.0, -2.0]})
MIXED = "n int, x double, s string, flag boolean, many array<double>, inner struct<z: int, w: string>"


def session(master: str):
    return (
        SparkSession.builder.master(master)
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.executor.memory", "512m")
        .getOrCreate()
    )


def mixed(data, params=None):
    """Columns of all types; arrays and objects among them."""
    sums = data.iloc[:, 0] + data.iloc[:, 1] * (params or {}).get("times", 1.0)
    return pd.DataFrame(
        {
            "s": [f"row {value}" for value in sums],
            "flag": sums > 1,
            "n": sums.astype(np.int32),
            "m": sums.astype(np.int64),
            "x": sums,
            "many": [[value, value + 1] for value in sums],
            "inner": [{"z": int(value), "w": "w"} for value in sums],
        }
    )


def simple(data):
    return mixed(data)[["s", "flag", "n", "m", "x"]]


def pairs(data):
    return np.stack([data.iloc[:, 0], data.iloc[:, 1] * 2], axis=1)


def squares(data):
    return np.asarray(data)[:, 0] ** 2


def environment(data):
    return [f"{os.environ.get('GREETING')} {one}" for one in data.iloc[:, 0]]


def models() -> None:
    keep = treering.pyfunc.save_model
    linear = LinearRegression().fit(ROWS, [1.0, 2.0, 3.0, 4.0])
    signature = infer_signature(ROWS, linear.predict(ROWS))
    treering.sklearn.save_model(linear, "linear", signature=signature)
    keep("simple", python_model=simple, signature=Signature(signature.inputs))
    named = infer_signature(ROWS, simple(ROWS), {"times": 1.0})
    keep("mixed", python_model=mixed, signature=Signature(named.inputs, None, named.params))
    keep("struct", python_model=simple, signature=Signature(named.inputs, named.outputs))
    keep("pairs", python_model=pairs, signature=Signature(signature.inputs))
    tensor = Signature(kinds.Schema([kinds.TensorSpec(np.float64, (-1, 2))]), None)
    keep("tensor", python_model=squares, signature=tensor)
    keep("environment", python_model=environment)


# The model, the type that is asked for, the call's columns, and more arguments of spark_udf.
CALLS = {
    "by the signature": ("linear", None, (), {}),
    "by place": ("linear", None, ("a", "b"), {}),
    "as a struct": ("linear", "double", (functions.struct,), {}),
    "as text": ("linear", "string", ("a", "b"), {}),
    "as float": ("linear", types.FloatType(), ("a", "b"), {}),
    "in an array": ("linear", "array<double>", ("a", "b"), {}),
    "a struct by the signature": ("struct", None, (), {}),
    "numbers in an array": ("pairs", "array<double>", (), {}),
    "the left of two": ("pairs", "double", (), {}),
    "fields": ("mixed", MIXED, (), {}),
    "with a param": ("mixed", "x double, many array<float>", (), {"params": {"times": 3.0}}),
    **{
        f"of a table, {kind}": ("simple", kind, (), {})
        for kind in ("int", "long", "float", "double", "string", "bool", "array<int>", "array<long>", "array<string>")
    },
    "a tensor": ("tensor", "double", (functions.array,), {}),
}


def answers(pyfunc, spark):
    """What each call answers, and of which type; one after the other, for each then finds its worker ready."""
    table, found = spark.createDataFrame(ROWS), {}
    for name, (model, kind, given, options) in CALLS.items():
        udf = pyfunc.spark_udf(spark, model, kind, env_manager="local", **options)
        answered = table.select(udf(*[one("a", "b") if callable(one) else one for one in given]).alias("answer"))
        rows = [row.asDict(recursive=True)["answer"] for row in answered.collect()]
        found[name] = answered.schema["answer"], life.plain(rows)
    return found


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    os.chdir(tmp_path_factory.mktemp("models"))
    models()
    return session("local[1]")


def test_wrong_types_environments_and_columns_are_refused(spark):
    udf = treering.pyfunc.spark_udf
    for kind in ("nonsense", "binary", types.DateType(), "map<int, string>"):
        with pytest.raises(InvalidInput, match=r"no type of Spark|cannot be made"):
            udf(spark, "linear", kind)
    with pytest.raises(NotSupported, match="prepare-env"):
        udf(spark, "linear", env_manager="conda")
    with pytest.raises(InvalidInput, match="Known ones"):
        udf(spark, "linear", env_manager="mine")
    with pytest.raises(NotSupported, match="Databricks"):
        udf(spark, "linear", prebuilt_env_uri="x")
    with pytest.raises(InvalidInput, match="names no columns"):
        udf(spark, "tensor")()
    with pytest.raises(InvalidInput, match="times"):
        udf(spark, "mixed", MIXED, params={"times": "many"})


def test_what_does_not_fit_is_told_by_the_task(spark):
    table = spark.createDataFrame(ROWS)
    with pytest.raises(Exception, match=r"no column that fits boolean"):
        table.select(treering.pyfunc.spark_udf(spark, "linear", "boolean")()).collect()
    with pytest.raises(Exception, match=r"takes 2 columns, a, b"):
        table.select(treering.pyfunc.spark_udf(spark, "linear")("a")).collect()


def test_variables_hold_while_the_model_is_asked(spark):
    table = spark.createDataFrame(ROWS.head(1))
    udf = treering.pyfunc.spark_udf(spark, "environment", "string", extra_env={"GREETING": "hello"})
    assert table.select(udf("a")).collect()[0][0] == "hello 0.0"
    udf = treering.pyfunc.spark_udf(spark, "environment", "string")
    assert table.select(udf("a")).collect()[0][0] == "None 0.0"


def test_answers_are_those_of_mlflow(spark):
    theirs = answers(import_module("mlflow.pyfunc"), spark)
    for name, (field, answer) in answers(treering.pyfunc, spark).items():
        expected_field, expected = theirs[name]
        assert field == expected_field, name
        assert life.alike(answer, expected), (name, answer, expected)


def test_workers_of_a_cluster_get_the_model_from_spark(spark):
    expected = [life.plain(row[0]) for row in asked(spark).collect()]
    spark.stop()
    cluster = session("local-cluster[1,1,512]")
    try:
        assert life.alike([row[0] for row in asked(cluster).collect()], expected)
    finally:
        cluster.stop()


def asked(spark):
    return spark.createDataFrame(ROWS).select(treering.pyfunc.spark_udf(spark, "linear")())
