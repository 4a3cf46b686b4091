"""What autologging logs of a trained network of Transformers, when it is asked to."""

import report

tracker = report.tracker()
tracker.transformers.autolog(log_models=True)

import tiny_pipelines
import torch
from transformers import BertForSequenceClassification, Trainer, TrainingArguments, pipeline

words, texts = tiny_pipelines.tokenizer(), ["a good film", "very bad day"]
network = tiny_pipelines.bert(BertForSequenceClassification, num_labels=2)


class Sentences(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        label = index % 2
        return {**words(texts[label], padding="max_length"), "labels": label}


def train(**options) -> None:
    arguments = TrainingArguments(
        "out", max_steps=2, logging_steps=1, use_cpu=True, disable_tqdm=True, report_to="none", save_strategy="no"
    )
    Trainer(network, arguments, train_dataset=Sentences(), **options).train()


train(processing_class=words)
assert network.training
(logged,) = tracker.search_logged_models(output_format="list")
uri = f"models:/{logged.model_id}"
found = tracker.pyfunc.load_model(uri).predict(texts)
expected = pipeline("text-classification", model=network.eval(), tokenizer=words)(texts)
assert [one["label"] for one in expected] == list(found["label"])
torch.testing.assert_close([one["score"] for one in expected], list(found["score"]))
# Without what prepares its data a network is none that can be asked.
train()
report.finish(tracker, linked=sorted({metric.key for metric in logged.metrics}))
