"""Pipelines of Transformers with a few hundred weights each, made from configurations: nothing is downloaded."""

import io

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessorPil,
    pipeline,
)

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "good",
    "bad",
    "film",
    "day",
    "very",
    "night",
    "it",
    "is",
    "was",
    "the",
    "not",
    "great",
    "poor",
]
SPECIAL = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
ENTAILED = ("contradiction", "neutral", "entailment")


def tokenizer():
    made = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    pair = "[CLS] $A [SEP] $B:1 [SEP]:1"
    ends = [("[CLS]", 2), ("[SEP]", 3)]
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair=pair, special_tokens=ends)
    return PreTrainedTokenizerFast(tokenizer_object=made, mask_token="[MASK]", model_max_length=16, **SPECIAL)


def bert(cls=BertModel, **options):
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    return cls(BertConfig(vocab_size=len(WORDS), max_position_embeddings=16, **sizes, **options)).eval()


def seeing():
    """A classifier of images of eight pixels in square."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    network = ViTForImageClassification(ViTConfig(image_size=8, patch_size=4, num_labels=3, **sizes)).eval()
    processor = ViTImageProcessorPil(size={"height": 8, "width": 8})
    return pipeline("image-classification", model=network, image_processor=processor)


def image() -> bytes:
    """A file with one."""
    file = io.BytesIO()
    Image.fromarray(np.arange(192, dtype="uint8").reshape(8, 8, 3)).save(file, "png")
    return file.getvalue()


def pipelines() -> dict:
    torch.manual_seed(0)
    places = {"vocab_size": len(WORDS), "n_positions": 32, "n_embd": 8, "n_layer": 1, "n_head": 2}
    writer = GPT2LMHeadModel(GPT2Config(**places, bos_token_id=2, eos_token_id=3, pad_token_id=0)).eval()
    names = dict(enumerate(ENTAILED))
    entailed = {"num_labels": 3, "id2label": names, "label2id": {name: place for place, name in names.items()}}
    networks = {
        "text-classification": bert(BertForSequenceClassification, num_labels=2),
        "token-classification": bert(BertForTokenClassification, num_labels=3),
        "fill-mask": bert(BertForMaskedLM),
        "feature-extraction": bert(),
        "zero-shot-classification": bert(BertForSequenceClassification, **entailed),
        "text-generation": writer,
    }
    return {task: pipeline(task, model=network, tokenizer=tokenizer()) for task, network in networks.items()}
