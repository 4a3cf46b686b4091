"""Counts the most frequent words of each post: one line of numbers a post, the label first."""

import re
import sys
from collections import Counter
from pathlib import Path

text = Path("params.yaml").read_text()
most = int(re.search(r"max_features: (\d+)", text)[1])
source, target = Path(sys.argv[1]), Path(sys.argv[2])
target.mkdir(parents=True, exist_ok=True)
posts = {name: [line.split("\t") for line in (source / f"{name}.tsv").open()] for name in ("train", "test")}
counted = Counter(word for _, _, body in posts["train"] for word in body.split())
words = [word for word, _ in counted.most_common(most)]
(target / "words.txt").write_text("\n".join(words) + "\n")
print(f"{len(counted)} words, the {len(words)} most frequent are kept")
for name, lines in posts.items():
    with (target / f"{name}.csv").open("w") as file:
        file.write(",".join(["label", *words]) + "\n")
        for _, label, body in lines:
            found = Counter(body.split())
            file.write(",".join([label, *(str(found[word]) for word in words)]) + "\n")
    print(f"{name}: {len(lines)} posts")
