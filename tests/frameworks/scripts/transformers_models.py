"""The life of pipelines of Transformers."""

import json

import life
import numpy as np
import pandas as pd
import tiny_pipelines

TEXTS = ["a good film", "very bad day"]


def test_they_live_here_and_in_mlflow(tmp_path):
    pipelines = tiny_pipelines.pipelines()
    classes, marks = pipelines["text-classification"], pipelines["token-classification"]
    gaps, masked = pipelines["fill-mask"], ["a [MASK] film", "it is [MASK]"]
    writer, config = pipelines["text-generation"], {"max_new_tokens": 3, "do_sample": False}
    chooser, template = pipelines["zero-shot-classification"], {"hypothesis_template": "it is {}"}
    question = {"sequences": "a good film", "candidate_labels": json.dumps(["great", "poor"]), **template}
    chosen = chooser("a good film", ["great", "poor"], **template)
    features = pipelines["feature-extraction"]
    expected = {
        "classes": (classes, TEXTS, pd.DataFrame(classes(TEXTS))),
        "marks": (marks, TEXTS, [",".join(one["entity"] for one in each) for each in marks(TEXTS)]),
        "gaps": (gaps, masked, [one[0]["token_str"] for one in gaps(masked)]),
        "writer": (writer, TEXTS, [one[0]["generated_text"].strip() for one in writer(TEXTS, **config)]),
        "chooser": (chooser, question, pd.DataFrame(chosen)),
        "features": (features, TEXTS[:1], np.asarray(features(TEXTS[0]))[0]),
    }
    more = {
        "classes": {"native": lambda found: found(TEXTS)},
        "writer": {"options": {"model_config": config}, "served": True},
    }
    cases = [life.Case(name, "transformers", *what, **more.get(name, {})) for name, what in expected.items()]
    life.live(tmp_path, *cases)
