"""A model of Sentence Transformers, led through its life."""

import life
import tiny_pipelines
from sentence_transformers import SentenceTransformer, models

texts = ["a good film", "very bad day"]
tiny_pipelines.bert().save_pretrained("checkpoint")
tiny_pipelines.tokenizer().save_pretrained("checkpoint")
model = SentenceTransformer(modules=[models.Transformer("checkpoint"), models.Pooling(8)], device="cpu")
life.live(
    "sentence_transformers", model, texts, model.encode(texts), theirs={}, native=lambda found: found.encode(texts)
)
life.finish()
