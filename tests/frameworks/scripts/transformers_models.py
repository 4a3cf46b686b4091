"""The life of pipelines of Transformers."""

import base64
import json
import shutil
from pathlib import Path

import huggingface_hub
import life
import mlflow
import numpy as np
import pandas as pd
import tiny_pipelines
import transformers

import treering

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
    seer, image = tiny_pipelines.seeing(), base64.b64encode(tiny_pipelines.image()).decode()
    expected["seer"] = (seer, [image], [dict(enumerate(one)) for one in seer([image])])
    more = {
        "classes": {"native": lambda found: found(TEXTS)},
        "writer": {"options": {"model_config": config}, "served": True},
    }
    cases = [life.Case(name, "transformers", *what, **more.get(name, {})) for name, what in expected.items()]
    life.live(tmp_path, *cases)


def test_a_reference_to_the_hub_is_enough(tmp_path, monkeypatch):
    """The weights stay where they came from, and the model knows of which commit they are."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    commit = "0123456789" * 4
    fetched = Path(huggingface_hub.constants.HF_HUB_CACHE) / "models--tiny--classes"
    tiny_pipelines.pipelines()["text-classification"].save_pretrained(fetched / "snapshots" / commit)
    (fetched / "refs").mkdir()
    (fetched / "refs" / "main").write_text(commit)
    classes = transformers.pipeline("text-classification", model="tiny/classes")
    here = tmp_path / "ours"
    treering.transformers.save_model(classes, here, save_pretrained=False)
    assert f"source_model_revision: {commit}" in (here / "MLmodel").read_text()
    assert not list(here.rglob("*.safetensors"))
    # MLflow asks the hub for the commit when it saves such a model, and so it only loads one here.
    for tracker in (treering, mlflow):
        found = tracker.pyfunc.load_model(str(here)).predict(TEXTS)
        pd.testing.assert_frame_equal(found, pd.DataFrame(classes(TEXTS)))
    # With a second one there, nobody knows which of them it was.
    shutil.copytree(fetched / "snapshots" / commit, fetched / "snapshots" / commit[::-1])
    treering.transformers.save_model(classes, tmp_path / "whole", save_pretrained=False)
    assert list((tmp_path / "whole").rglob("*.safetensors"))
