"""Lightning's trainer: in a run of autologging's own, with early stopping; by steps, in the user's run; with TensorBoard."""

import report

tracker = report.tracker()
tracker.pytorch.autolog(log_models=False)

import lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping
from torch.utils.tensorboard import SummaryWriter

import networks

lightning.seed_everything(1)
stop = EarlyStopping("val_loss", patience=1, min_delta=10.0, mode="min")
trainer = networks.trainer(max_epochs=6, logger=False, callbacks=[stop], enable_checkpointing=False)
trainer.fit(networks.Line(), networks.loader(), networks.loader())

tracker.pytorch.autolog(
    log_models=False, log_every_n_step=2, checkpoint_save_best_only=False, checkpoint_save_weights_only=True
)
with tracker.start_run(tags={"mine": "yes"}) as run:
    trainer = networks.trainer(max_epochs=2, logger=False, enable_checkpointing=False)
    model = networks.Line()
    trainer.fit(model, networks.loader(), networks.loader())
    trainer.test(model, networks.loader(), verbose=False)
found = tracker.pytorch.load_checkpoint(networks.Line, run.info.run_id, epoch=1)
assert torch.equal(found.layer.weight, model.layer.weight)

tracker.pytorch.autolog(log_models=False, log_every_n_step=1)
with tracker.start_run(), SummaryWriter("board") as writer:
    for step in range(4):
        writer.add_scalar("plain/loss", 1.0 / (step + 1), step)
    writer.add_hparams({"rate": 0.5, "kind": "sgd"}, {"final": 0.25})
report.finish(tracker)
