"""Pipelines of Transformers, led through their life."""

import json

import life
import numpy as np
import pandas as pd
import tiny_pipelines

texts = ["a good film", "very bad day"]
pipelines = tiny_pipelines.pipelines()
# MLflow pins what it does not ask for, such as torchvision, unless it is told the requirements.
classes = pipelines["text-classification"]
expected = pd.DataFrame(classes(texts)).to_dict("records")
life.live("transformers", classes, texts, expected, theirs={}, native=lambda found: found(texts))

marks = pipelines["token-classification"]
life.live(
    "transformers",
    marks,
    texts,
    [",".join(one["entity"] for one in each) for each in marks(texts)],
    kind="marks",
    served=False,
    theirs={},
)

config = {"model_config": {"max_new_tokens": 3, "do_sample": False}}
writer = pipelines["text-generation"]
written = [one[0]["generated_text"].strip() for one in writer(texts, **config["model_config"])]
life.live("transformers", writer, texts, written, kind="writer", ours=config, theirs=config)

gaps = ["a [MASK] film", "it is [MASK]"]
filled = [one[0]["token_str"] for one in pipelines["fill-mask"](gaps)]
life.live("transformers", pipelines["fill-mask"], gaps, filled, kind="gaps", served=False, theirs={})

question = {
    "sequences": "a good film",
    "candidate_labels": json.dumps(["great", "poor"]),
    "hypothesis_template": "it is {}",
}
chooser = pipelines["zero-shot-classification"]
found = chooser("a good film", ["great", "poor"], hypothesis_template="it is {}")
rows = [
    {"sequence": "a good film", "labels": label, "scores": score}
    for label, score in zip(found["labels"], found["scores"], strict=True)
]
life.live("transformers", chooser, question, rows, kind="chooser", served=False, theirs={})

features = pipelines["feature-extraction"]
life.live(
    "transformers", features, texts[:1], np.asarray(features(texts[0]))[0], kind="features", served=False, theirs={}
)
life.finish()
