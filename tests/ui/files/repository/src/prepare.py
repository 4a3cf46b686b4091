"""Splits the posts into two files of tab-separated lines: id, label, text."""

import random
import re
import sys
from pathlib import Path

PARAMS = dict(re.findall(r"^  (split|seed): (.+)$", Path("params.yaml").read_text(), re.MULTILINE)[:2])
POST = re.compile(r'<row Id="(\d+)" Tags="([^"]*)" Body="([^"]*)" />')

chance = random.Random(int(PARAMS["seed"]))
out = Path("data/prepared")
out.mkdir(parents=True, exist_ok=True)
counts = {"train": 0, "test": 0}
with (out / "train.tsv").open("w") as train, (out / "test.tsv").open("w") as test:
    for number, tags, body in POST.findall(Path(sys.argv[1]).read_text()):
        name = "test" if chance.random() < float(PARAMS["split"]) else "train"
        label = int("r" in tags.split(","))
        (test if name == "test" else train).write(f"{number}\t{label}\t{body}\n")
        counts[name] += 1
print(f"{sum(counts.values())} posts: {counts['train']} to learn from, {counts['test']} to judge by")
