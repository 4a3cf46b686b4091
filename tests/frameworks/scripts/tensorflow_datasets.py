"""Describes tensors and pipelines of TensorFlow with the tracker that the test asked for."""

import importlib
import sys

import numpy as np
import report_datasets
import tensorflow as tf

data = importlib.import_module(sys.argv[1]).data

numbers = np.arange(30_000, dtype=np.float32).reshape(5000, 6)
labels = np.arange(5000) % 3
pipeline = tf.data.Dataset.from_tensor_slices(numbers[:50])
made = {
    "tensor": data.from_tensorflow(tf.constant(numbers), source="numbers.npy", name="tensor"),
    "tensors": data.from_tensorflow(tf.constant(numbers), targets=tf.constant(labels)),
    "texts": data.from_tensorflow(tf.constant(["a", "bc"])),
    "pipeline": data.from_tensorflow(pipeline),
    "with targets": data.from_tensorflow(
        pipeline.batch(8), targets=tf.data.Dataset.from_tensor_slices(labels[:50]).batch(8)
    ),
    "scalars": data.from_tensorflow(tf.data.Dataset.range(7)),
    "pairs": data.from_tensorflow(tf.data.Dataset.from_tensor_slices((numbers[:50], labels[:50])).batch(20)),
    "named": data.from_tensorflow(tf.data.Dataset.from_tensor_slices({"z": numbers[:9], "a": labels[:9]}).batch(4)),
    "nested": data.from_tensorflow(
        tf.data.Dataset.from_tensor_slices(({"z": numbers[:9], "a": labels[:9]}, labels[:9])).batch(4)
    ),
    "filtered": data.from_tensorflow(pipeline.filter(lambda row: row[0] > 60)),
    "endless": data.from_tensorflow(pipeline.repeat(), digest="mine"),
}
refused = {
    "arrays": report_datasets.refused(lambda: data.from_tensorflow(numbers)),
    "mixed": report_datasets.refused(lambda: data.from_tensorflow(tf.constant(numbers), targets=pipeline)),
    "mixed the other way": report_datasets.refused(
        lambda: data.from_tensorflow(pipeline, targets=tf.constant(numbers))
    ),
    "empty": report_datasets.refused(lambda: data.from_tensorflow(pipeline.take(0))),
}
if sys.argv[1] == "treering":
    # MLflow would read for ever.
    assert report_datasets.refused(lambda: data.from_tensorflow(pipeline.repeat())) == "INVALID_PARAMETER_VALUE"
report_datasets.write([report_datasets.described(made, {}, refused)])
