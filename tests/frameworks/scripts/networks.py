"""The smallest model that Lightning trains, on data that is the same each time."""

import lightning
import torch
from torch.utils.data import DataLoader, TensorDataset


class Line(lightning.LightningModule):
    def __init__(self, rate: float = 0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, rows):
        return self.layer(rows)

    def training_step(self, batch, index):
        rows, target = batch
        loss = torch.nn.functional.mse_loss(self(rows), target)
        self.log("train_loss", loss, on_epoch=True)
        return loss

    def validation_step(self, batch, index):
        rows, target = batch
        self.log("val_loss", torch.nn.functional.mse_loss(self(rows), target))

    def test_step(self, batch, index):
        rows, target = batch
        self.log("test_loss", torch.nn.functional.mse_loss(self(rows), target))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.rate)


def loader() -> DataLoader:
    rows = torch.arange(32.0).reshape(16, 2) / 32
    return DataLoader(TensorDataset(rows, rows.sum(1, keepdim=True)), batch_size=4)


def trainer(**options):
    return lightning.Trainer(
        accelerator="cpu", enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=2, **options
    )
