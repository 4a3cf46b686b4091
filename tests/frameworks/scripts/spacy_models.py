"""Pipelines of spaCy that were blank and are trained here: nothing is downloaded."""

import life
import pandas as pd
import pytest
import spacy
from spacy.training import Example

import treering
from treering.core.errors import DamagedData, InvalidInput, TreeringError
from treering.models.folder import save
from treering.models.loading import load
from treering.testing.flavours import FlavourSuite, Sample

TEXTS = pd.DataFrame({"text": ["good fine great", "bad awful", "good", ""]})


def categorizer(kind: str):
    pipeline = spacy.blank("en")
    pipeline.add_pipe(kind)
    known = [("good fine great", {"POS": 1, "NEG": 0}), ("bad awful poor", {"POS": 0, "NEG": 1})]
    return trained(pipeline, [(text, {"cats": cats}) for text, cats in known])


def entities():
    pipeline = spacy.blank("en")
    pipeline.add_pipe("ner")
    return trained(pipeline, [("I like London.", {"entities": [(7, 13, "PLACE")]})])


def trained(pipeline, known):
    examples = [Example.from_dict(pipeline.make_doc(text), told) for text, told in known]
    optimiser = pipeline.initialize(lambda: examples)
    for _ in range(10):
        pipeline.update(examples, sgd=optimiser)
    return pipeline


def answer(pipeline):
    return pd.DataFrame({"predictions": [pipeline(text).cats for text in TEXTS.text]})


@pytest.fixture(params=["textcat", "textcat_multilabel"], scope="module")
def sample(request):
    pipeline = categorizer(request.param)
    return Sample(pipeline, TEXTS, answer(pipeline), ("model.spacy/config.cfg",))


class TestSpacy(FlavourSuite):
    flavour = "spacy"


def test_a_pipeline_without_categories_is_spacys_own_only(tmp_path):
    pipeline = entities()
    saved = save("spacy", pipeline, tmp_path / "m")
    assert list(saved.flavours) == ["spacy"]
    found = treering.spacy.load_model(str(tmp_path / "m"))
    assert [one.text for one in found("I like London.").ents] == [one.text for one in pipeline("I like London.").ents]
    with pytest.raises(TreeringError, match="python_function"):
        load(tmp_path / "m")


def test_more_than_one_column_is_refused_by_name(tmp_path):
    save("spacy", categorizer("textcat"), tmp_path / "m")
    with pytest.raises(InvalidInput, match=r"one column of texts.*'more'"):
        load(tmp_path / "m").predict(TEXTS.assign(more=""))


def test_a_part_that_is_missing_is_told(tmp_path):
    save("spacy", categorizer("textcat"), tmp_path / "m")
    (tmp_path / "m/model.spacy/textcat/model").unlink()
    with pytest.raises(DamagedData, match="textcat"):
        load(tmp_path / "m")


def test_they_live_here_and_in_mlflow(tmp_path):
    one, several = categorizer("textcat"), categorizer("textcat_multilabel")
    life.live(
        tmp_path,
        life.Case("one", "spacy", one, TEXTS, answer(one)),
        life.Case("several", "spacy", several, TEXTS, answer(several), served=True),
    )
