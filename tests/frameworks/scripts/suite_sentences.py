"""The suite of flavours over a tiny model of Sentence Transformers, and what is special to it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import tiny_pipelines
from sentence_transformers import SentenceTransformer, models

from treering.core.errors import DamagedData, InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.testing.flavours import FlavourSuite, Sample

TEXTS = ["a good film", "very bad day"]
FORBIDDEN = LoadOptions(allow_code=False)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    tiny_pipelines.bert().save_pretrained(folder)
    tiny_pipelines.tokenizer().save_pretrained(folder)
    network = models.Transformer(str(folder))
    return SentenceTransformer(modules=[network, models.Pooling(8)], device="cpu")


@pytest.fixture
def sample(model):
    return Sample(model, TEXTS, model.encode(TEXTS), ("model.sentence_transformer/model.safetensors",))


class TestSentenceTransformers(FlavourSuite):
    flavour = "sentence_transformers"


def test_texts_come_as_one_as_a_list_or_in_a_table(model, tmp_path):
    save("sentence_transformers", model, tmp_path / "m", SaveOptions(signature=None))
    loaded = load(tmp_path / "m", FORBIDDEN)
    np.testing.assert_allclose(
        loaded.predict(pd.DataFrame({"text": TEXTS}).rename(columns={"text": 0})), model.encode(TEXTS), rtol=1e-5
    )
    with pytest.raises(InvalidInput):
        loaded.predict([1, 2])


def test_answers_as_services_for_embeddings_give_them(model, tmp_path):
    task = {"task": "llm/v1/embeddings"}
    saved = save("sentence_transformers", model, tmp_path / "m", SaveOptions(flavour=task))
    assert saved.metadata == task
    found = load(tmp_path / "m").predict(pd.DataFrame({"input": TEXTS}))
    assert [one["index"] for one in found["data"]] == [0, 1]
    np.testing.assert_allclose(found["data"][1]["embedding"], model.encode(TEXTS)[1], rtol=1e-5)
    assert found["usage"]["prompt_tokens"] == sum(len(model.tokenizer(text)["input_ids"]) for text in TEXTS)
    with pytest.raises(InvalidInput, match="task"):
        save("sentence_transformers", model, tmp_path / "n", SaveOptions(flavour={"task": "llm/v1/chat"}))


@pytest.mark.parametrize("kind", ["os.system", "evil.Evil", "sentence_transformers.base.model.torch"])
def test_modules_of_others_need_the_users_word(model, tmp_path, kind):
    save("sentence_transformers", model, tmp_path / "m")
    listed = tmp_path / "m" / "model.sentence_transformer" / "modules.json"
    modules = json.loads(listed.read_text())
    modules[1]["type"] = kind
    listed.write_text(json.dumps(modules))
    with pytest.raises(PermissionDenied, match=kind):
        load(tmp_path / "m", FORBIDDEN)


def test_python_files_in_the_model_need_the_users_word(model, tmp_path):
    save("sentence_transformers", model, tmp_path / "m")
    (tmp_path / "m" / "model.sentence_transformer" / "evil.py").write_text("raise SystemExit\n")
    with pytest.raises(PermissionDenied, match=r"evil\.py"):
        load(tmp_path / "m", FORBIDDEN)


@pytest.mark.parametrize("place", ["../../../elsewhere", "/etc"])
def test_parts_outside_of_the_model_are_refused(model, tmp_path, place):
    save("sentence_transformers", model, tmp_path / "m")
    (tmp_path / "elsewhere").mkdir()
    listed = tmp_path / "m" / "model.sentence_transformer" / "modules.json"
    modules = json.loads(listed.read_text())
    modules[1]["path"] = place
    listed.write_text(json.dumps(modules))
    with pytest.raises(DamagedData, match="not inside"):
        load(tmp_path / "m", FORBIDDEN)


@pytest.mark.parametrize(
    ("key", "value"), [("activation_function", "torch.os.abort"), ("tokenizer_class", "evil.Tokenizer")]
)
def test_what_a_description_would_import_needs_the_users_word(model, tmp_path, key, value):
    save("sentence_transformers", model, tmp_path / "m")
    (described,) = (tmp_path / "m" / "model.sentence_transformer").glob("*Pooling/config.json")
    described.write_text(json.dumps({**json.loads(described.read_text()), key: value}))
    with pytest.raises(PermissionDenied, match=value):
        load(tmp_path / "m", FORBIDDEN)
