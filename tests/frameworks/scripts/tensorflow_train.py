"""TensorFlow's Keras: early stopping, checkpoints and TensorBoard; then every checkpoint, of a dataset."""

import report

tracker = report.tracker()
tracker.tensorflow.autolog(log_models=False)

import numpy as np
import tensorflow as tf

rows = np.arange(64, dtype="float32").reshape(32, 2) / 64
target = rows.sum(1)


def model():
    # Each time, as a tracker may draw the name of a run from the same source.
    tf.keras.utils.set_random_seed(1)
    made = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    made.compile(optimizer=tf.keras.optimizers.SGD(0.01), loss="mse", metrics=["mae"])
    return made


stop = tf.keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=10.0, restore_best_weights=True)
model().fit(rows, target, batch_size=8, epochs=4, validation_data=(rows[:16], target[:16]), verbose=0, callbacks=[stop])
tracker.tensorflow.autolog(log_models=False, checkpoint_save_best_only=False, checkpoint_save_weights_only=True)
data = tf.data.Dataset.from_tensor_slices((rows, target)).batch(8)
trained = model()
with tracker.start_run(tags={"mine": "yes"}) as run:
    trained.fit(data, epochs=2, verbose=0)
found = tracker.tensorflow.load_checkpoint(model(), run.info.run_id, epoch=1)
assert np.array_equal(found.get_weights()[0], trained.get_weights()[0])
report.finish(tracker)
