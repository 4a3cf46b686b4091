"""A language model with a few hundred weights, made from a configuration, and its trainer."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments


class Sentences(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        tokens = (torch.arange(6) + index) % 11
        return {"input_ids": tokens, "labels": tokens}


def trainer(**options):
    torch.manual_seed(1)
    config = GPT2Config(vocab_size=11, n_positions=8, n_embd=4, n_layer=1, n_head=1, bos_token_id=0, eos_token_id=1)
    arguments = TrainingArguments(
        output_dir="out",
        max_steps=4,
        logging_steps=1,
        eval_strategy="steps",
        eval_steps=2,
        per_device_train_batch_size=2,
        use_cpu=True,
        disable_tqdm=True,
        seed=1,
        **options,
    )
    sentences = Sentences()
    return Trainer(GPT2LMHeadModel(config), arguments, train_dataset=sentences, eval_dataset=sentences)
