"""The examples of docs/networks.md, one after the other, as a reader would type them in."""

import os
import re
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
blocks = re.findall(r"^```python\n(.*?)^```$", Path(sys.argv[1]).read_text("utf-8"), re.DOTALL | re.MULTILINE)
assert len(blocks) == 2
exec("\n".join(blocks), {"__name__": "__main__"})
