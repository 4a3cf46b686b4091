"""Lightning's own MLFlowLogger, with params, metrics and checkpoints."""

import stand_in

tracker = stand_in.tracker()

import lightning
import report
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import MLFlowLogger

import networks

lightning.seed_everything(1)
uri = tracker.get_tracking_uri()
logger = MLFlowLogger("autologging", "mine", uri, tags={"team": "blue"}, log_model=True, synchronous=False)
keep = ModelCheckpoint(
    "checkpoints", monitor="val_loss", save_top_k=2, filename="at-{epoch}", enable_version_counter=False
)
trainer = networks.trainer(max_epochs=3, logger=logger, callbacks=[keep])
trainer.fit(networks.Line(), networks.loader(), networks.loader())
logger.log_hyperparams({"nested": {"size": 3}, "long": "x" * 300})
logger.experiment.log_text(logger.run_id, "by hand", "hand.txt")
logger.finalize("success")
report.finish(tracker)
