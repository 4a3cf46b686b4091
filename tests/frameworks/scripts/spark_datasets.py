"""Describes frames of Spark, of tables, statements and folders, with MLflow and with Treering.

Both do it in one process: Spark's hash of a frame that was made in memory is of this process only,
and Java need not start twice.
"""

import datetime as dt
from pathlib import Path

import mlflow
import report_datasets
from pyspark.ml.linalg import Vectors
from pyspark.sql import Row, SparkSession
from pyspark.sql.datasource import DataSource, DataSourceReader

import treering


class Delta(DataSource):
    """What of Delta Lake is asked here; the real one is a library of Java, and no package of Python."""

    @classmethod
    def name(cls):
        return "delta"

    def schema(self):
        return "number int, version string"

    def reader(self, schema):
        return DeltaReader(self.options.get("versionAsOf", "newest"))


class DeltaReader(DataSourceReader):
    def __init__(self, version):
        self.version = version

    def read(self, partition):
        yield 1, self.version


spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.sql.warehouse.dir", str(Path("warehouse").absolute()))
    .getOrCreate()
)
spark.dataSource.register(Delta)
rows = [
    Row(
        n=1,
        text="x",
        share=1.5,
        flags=[True],
        part=Row(a=1, b=b"z"),
        day=dt.date(2024, 1, 1),
        at=Vectors.dense(1),
    ),
    Row(n=2, text="y", share=2.5, flags=[], part=Row(a=2, b=b""), day=dt.date(2024, 1, 2), at=Vectors.dense(2)),
]
frame = spark.createDataFrame(rows)
maps = spark.createDataFrame([Row(m={"k": 1, "l": 2}), Row(m={"k": 3})])
plain = spark.range(1000).withColumnRenamed("id", "number")
plain.write.parquet("plain")
plain.filter("number < 10").write.saveAsTable("few")
Path("kept/_delta_log").mkdir(parents=True)


def described(data):
    made = {
        "frame": data.from_spark(frame, targets="n", predictions="share", name="frame"),
        "maps": data.from_spark(maps),
        "no schema": data.from_spark(spark.sql("SELECT make_dt_interval(1) AS i")),
        "empty": data.from_spark(plain.filter("number < 0")),
        "path": data.from_spark(spark.read.parquet("plain"), path="plain"),
        "table": data.from_spark(spark.table("few"), table_name="few", digest="mine"),
        "statement": data.from_spark(plain, sql="SELECT * FROM few"),
        "delta": data.from_spark(plain, path="kept", version=3),
        "loaded": data.load_delta(path="kept", version=7, targets="number", name="loaded", digest="mine"),
        "newest": data.load_delta(path="kept", digest="mine"),
    }
    loaded = {
        name: sorted([str(tuple(row)) for row in made[name].source.load().limit(2).collect()])
        for name in ("path", "table", "statement", "delta", "loaded", "newest")
    }
    refused = {
        "two sources": report_datasets.refused(lambda: data.from_spark(plain, path="a", sql="b")),
        "version of a statement": report_datasets.refused(lambda: data.from_spark(plain, sql="b", version=1)),
        "version of Parquet": report_datasets.refused(lambda: data.from_spark(plain, path="plain", version=1)),
        "version of a table": report_datasets.refused(lambda: data.from_spark(plain, table_name="few", version=1)),
        "no column": report_datasets.refused(lambda: data.from_spark(plain, targets="z")),
        "neither": report_datasets.refused(data.load_delta),
    }
    return report_datasets.described(made, loaded, refused)


report_datasets.write([described(mlflow.data), described(treering.data)])
spark.stop()
