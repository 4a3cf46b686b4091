"""The suite of flavours over pipelines of Transformers, and what is special to them."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import tiny_pipelines
import torch
import transformers

from treering.core.errors import DamagedData, InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load, load_native
from treering.testing.flavours import FlavourSuite, Sample

TEXTS = ["a good film", "very bad day"]
FORBIDDEN = LoadOptions(allow_code=False)
FILES = ("model/model.safetensors",)
PIPELINES = tiny_pipelines.pipelines()


@pytest.fixture(params=["text-classification", "token-classification"])
def sample(request):
    pipeline = PIPELINES[request.param]
    answer = pipeline(TEXTS)
    if request.param == "token-classification":
        return Sample(pipeline, TEXTS, [",".join(one["entity"] for one in each) for each in answer], FILES)
    return Sample(pipeline, TEXTS, pd.DataFrame(answer), FILES)


class TestTransformers(FlavourSuite):
    flavour = "transformers"


def saved(tmp_path, task, **options):
    save("transformers", PIPELINES[task], tmp_path / "m", SaveOptions(flavour=options))
    return load(tmp_path / "m", FORBIDDEN)


def test_gaps_are_filled(tmp_path):
    expected = [one[0]["token_str"] for one in PIPELINES["fill-mask"](["a [MASK] film", "it is [MASK]"])]
    assert saved(tmp_path, "fill-mask").predict(["a [MASK] film", "it is [MASK]"]) == expected


def test_features_are_arrays(tmp_path):
    model = saved(tmp_path, "feature-extraction")
    expected = [np.asarray(one)[0] for one in PIPELINES["feature-extraction"](TEXTS)]
    np.testing.assert_allclose(model.predict(TEXTS[0]), expected[0], rtol=1e-5)
    np.testing.assert_allclose(model.predict(TEXTS)[1], expected[1], rtol=1e-5)


def test_labels_are_chosen(tmp_path):
    asked = {"sequences": "a good film", "candidate_labels": ["great", "poor"], "hypothesis_template": "it is {}"}
    found = saved(tmp_path, "zero-shot-classification").predict(
        {**asked, "candidate_labels": json.dumps(["great", "poor"])}
    )
    expected = PIPELINES["zero-shot-classification"]("a good film", ["great", "poor"], hypothesis_template="it is {}")
    assert list(found["labels"]) == expected["labels"]
    np.testing.assert_allclose(found["scores"], expected["scores"], rtol=1e-5)


def test_texts_are_written_as_configured(tmp_path):
    model = saved(tmp_path, "text-generation", model_config={"max_new_tokens": 3, "do_sample": False})
    expected = PIPELINES["text-generation"](TEXTS, max_new_tokens=3, do_sample=False)
    assert model.predict(TEXTS) == [one[0]["generated_text"].strip() for one in expected]
    assert model.predict(pd.DataFrame({0: TEXTS})) == model.predict(TEXTS)
    short = load(tmp_path / "m", LoadOptions(model_config={"max_new_tokens": 1}))
    assert len(short.predict(TEXTS[0])[0]) < len(model.predict(TEXTS[0])[0])


def test_a_template_stands_around_texts(tmp_path):
    config = {"max_new_tokens": 2, "do_sample": False}
    model = saved(tmp_path, "text-generation", model_config=config, prompt_template="it is {prompt}")
    assert model.metadata.metadata["prompt_template"] == "it is {prompt}"
    expected = PIPELINES["text-generation"]("it is a good film", return_full_text=False, **config)
    assert model.predict("a good film") == [expected[0]["generated_text"].strip()]
    with pytest.raises(InvalidInput, match="prompt"):
        save(
            "transformers", PIPELINES["text-generation"], tmp_path / "n", SaveOptions(flavour={"prompt_template": "x"})
        )


def test_images_come_as_bytes_or_as_text(tmp_path):
    pipeline, image = tiny_pipelines.seeing(), tiny_pipelines.image()
    text = base64.b64encode(image).decode()
    save("transformers", pipeline, tmp_path / "m")
    loaded = load(tmp_path / "m", FORBIDDEN)
    expected = pd.DataFrame(pipeline([text, text]))
    pd.testing.assert_frame_equal(loaded.predict([text, text]), expected)
    by_bytes = load(tmp_path / "m", FORBIDDEN)
    by_bytes.metadata = replace(by_bytes.metadata, signature=None)
    pd.testing.assert_frame_equal(by_bytes.predict([image, image]), expected)
    pd.testing.assert_frame_equal(by_bytes.predict(pd.DataFrame({0: [image, image]})), expected)


def test_the_device_comes_from_the_environment(tmp_path):
    save("transformers", PIPELINES["text-classification"], tmp_path / "m")
    found = load_native(tmp_path / "m", "transformers", LoadOptions(device="meta"))
    assert found.device.type == "meta"
    given = LoadOptions(device="meta", flavour={"device": "cpu"})
    assert load_native(tmp_path / "m", "transformers", given).device.type == "cpu"
    with pytest.raises(InvalidInput, match="TREERING_PREDICTION_DEVICE"):
        load(tmp_path / "m", LoadOptions(device="nowhere"))


def test_components_may_be_given_and_loaded(tmp_path):
    parts = {"model": PIPELINES["text-classification"].model, "tokenizer": tiny_pipelines.tokenizer()}
    save("transformers", parts, tmp_path / "m")
    found = load_native(tmp_path / "m", "transformers", LoadOptions(flavour={"return_type": "components"}))
    assert found["task"] == "text-classification"
    assert isinstance(found["model"], transformers.BertForSequenceClassification)
    assert found["tokenizer"]("a good film").input_ids == parts["tokenizer"]("a good film").input_ids


def test_a_checkpoint_may_be_given(tmp_path):
    PIPELINES["text-classification"].save_pretrained(tmp_path / "checkpoint")
    save("transformers", str(tmp_path / "checkpoint"), tmp_path / "m")
    pd.testing.assert_frame_equal(
        load(tmp_path / "m").predict(TEXTS), pd.DataFrame(PIPELINES["text-classification"](TEXTS))
    )


def test_code_of_the_author_needs_the_users_word(tmp_path):
    save("transformers", PIPELINES["text-classification"], tmp_path / "m")
    path = tmp_path / "m" / "MLmodel"
    path.write_text(path.read_text().replace("BertForSequenceClassification", "EvilModel"))
    (tmp_path / "m" / "model" / "evil.py").write_text("raise SystemExit('code has run')\n")
    config = json.loads((tmp_path / "m" / "model" / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.Evil", "AutoModel": "evil.EvilModel"}
    (tmp_path / "m" / "model" / "config.json").write_text(json.dumps(config))
    with pytest.raises(PermissionDenied, match="EvilModel"):
        load(tmp_path / "m", FORBIDDEN)


def test_weights_as_a_pickle_run_no_code(tmp_path, capsys):
    class Evil:
        def __reduce__(self):
            return (print, ("code has run",))

    save("transformers", PIPELINES["text-classification"], tmp_path / "m")
    (tmp_path / "m" / FILES[0]).unlink()
    torch.save({"bert.weight": Evil()}, tmp_path / "m" / "model" / "pytorch_model.bin")
    with pytest.raises((DamagedData, PermissionDenied)):
        load(tmp_path / "m")
    assert "code has run" not in capsys.readouterr().out


def test_a_class_that_is_no_part_is_refused(tmp_path):
    save("transformers", PIPELINES["text-classification"], tmp_path / "m")
    path = tmp_path / "m" / "MLmodel"
    path.write_text(path.read_text().replace("BertForSequenceClassification", "set_seed"))
    with pytest.raises(DamagedData, match="set_seed"):
        load(tmp_path / "m")


@pytest.mark.parametrize("name", ["config", "trust_remote_code", "pipeline_class"])
def test_no_part_becomes_another_argument_of_a_pipeline(tmp_path, name):
    save("transformers", PIPELINES["text-classification"], tmp_path / "m")
    (tmp_path / "m" / "components" / "tokenizer").rename(tmp_path / "m" / "components" / name)
    path = tmp_path / "m" / "MLmodel"
    text = path.read_text().replace("- tokenizer", f"- {name}").replace("tokenizer_type", f"{name}_type")
    path.write_text(text)
    with pytest.raises(DamagedData, match=f"{name}.*cannot be"):
        load(tmp_path / "m")


def test_prediction_that_does_not_fit_is_told(tmp_path):
    with pytest.raises(InvalidInput):
        saved(tmp_path, "text-classification").predict([1.5])


def changed(tmp_path, **values):
    """A model whose description says something else."""
    save("transformers", PIPELINES["text-classification"], tmp_path / "m")
    path = tmp_path / "m" / "model" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    return tmp_path / "m"


def renamed_weights(folder):
    """None of the weights is what the network asks for."""
    path = folder / FILES[0]
    found = safetensors.torch.load_file(path)
    safetensors.torch.save_file({f"other.{name}": one for name, one in found.items()}, path, {"format": "pt"})


@pytest.mark.parametrize("values", [{"num_hidden_layers": 10**9}, {"hidden_size": 10**9}, {"vocab_size": 10**12}])
def test_a_network_of_absurd_size_is_not_made(tmp_path, values):
    folder = changed(tmp_path, **values)
    renamed_weights(folder)
    with pytest.raises(DamagedData, match=r"damaged"):
        load(folder)


def test_missing_weights_are_not_made_up(tmp_path):
    folder = changed(tmp_path, num_hidden_layers=2)
    with pytest.raises(DamagedData, match=r"lacks the weights 'bert.encoder.layer.1"):
        load(folder)


def test_weights_outside_of_the_model_are_refused(tmp_path):
    folder = changed(tmp_path)
    (folder / FILES[0]).rename(tmp_path / "weights.safetensors")
    names = safetensors.torch.load_file(tmp_path / "weights.safetensors")
    index = {"metadata": {}, "weight_map": dict.fromkeys(names, "../../weights.safetensors")}
    (folder / "model" / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(DamagedData, match=r"not inside|incomplete"):
        load(folder)
    shutil.copy(tmp_path / "weights.safetensors", folder / "model" / "other.safetensors")
    with pytest.raises(DamagedData, match="not inside"):
        load(folder)


def test_compiled_code_from_the_hub_needs_the_users_word(tmp_path):
    folder = changed(tmp_path, attn_implementation="evil/kernel")
    with pytest.raises(PermissionDenied, match="evil/kernel"):
        load(folder, FORBIDDEN)


@pytest.mark.parametrize("name", ["../../elsewhere", "/etc", "elsewhere/folder", "a/b/c"])
def test_a_reference_to_the_hub_is_none_to_this_machine(tmp_path, monkeypatch, name):
    save("transformers", PIPELINES["text-classification"], tmp_path / "m")
    shutil.move(tmp_path / "m" / "model", tmp_path / "elsewhere" / "folder")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "m" / "MLmodel"
    lines = [line for line in path.read_text().splitlines() if "source_model_name" not in line]
    place = next(number for number, line in enumerate(lines) if line.strip() == "transformers:") + 1
    lines[place:place] = [f"    source_model_name: {name}", "    source_model_revision: main"]
    path.write_text("\n".join(lines))
    with pytest.raises(DamagedData, match="repository"):
        load(tmp_path / "m", FORBIDDEN)
