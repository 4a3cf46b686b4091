"""The life of a model of Sentence Transformers."""

import life
import tiny_pipelines
from sentence_transformers import SentenceTransformer, models

TEXTS = ["a good film", "very bad day"]


def asked(model):
    return model.encode(TEXTS)


def test_it_lives_here_and_in_mlflow(tmp_path):
    checkpoint = str(tmp_path / "checkpoint")
    tiny_pipelines.bert().save_pretrained(checkpoint)
    tiny_pipelines.tokenizer().save_pretrained(checkpoint)
    model = SentenceTransformer(modules=[models.Transformer(checkpoint), models.Pooling(8)], device="cpu")
    case = life.Case("sentences", "sentence_transformers", model, TEXTS, asked(model), native=asked, served=True)
    life.live(tmp_path, case)
