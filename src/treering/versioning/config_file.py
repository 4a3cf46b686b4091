"""Reads the config files that DVC and Treering write themselves, in a fraction of the time that ConfigObj takes.

It understands sections, `key = value` and comments on lines of their own. Whatever is
beyond that, such as lists, nested sections, interpolation, or text that is not well
formed, it leaves to the module config_text, which loads ConfigObj.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["Sections", "read_plain"]

Sections = dict[str, Any]
"""A file's options by section, in the file's order: `core`, `remote "name"`; values are text or lists of text.

In a file that is wrong, a section can be text: an option before the first section.
"""

_SECTION = re.compile(r"""\s*\[\s*(?:'([^'\[\]#%]+)'|"([^"\[\]#%]+)"|([^\s'"\[\]#,%]+))\s*\]\s*""")
# Percent signs may interpolate, commas make lists, and a number sign begins a comment.
_OPTION = re.compile(r"""\s*([A-Za-z_][\w.-]*)\s*=\s*(?:"([^"%]*)"|'([^'%]*)'|([^\s"'#,%$][^"'#,%$]*?))\s*""")


def read_plain(text: str) -> Sections | None:
    """The sections of a simple file, with names in lower case; None where it is not simple enough to be sure."""
    sections: Sections = {}
    current: dict[str, object] | None = None
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if found := _SECTION.fullmatch(line):
            name = (found[1] or found[2] or found[3]).strip().lower()
            if name in sections:
                return None
            current = sections[name] = {}
            continue
        option = _OPTION.fullmatch(line)
        if option is None or current is None or option[1].lower() in current:
            return None
        current[option[1].lower()] = next((value for value in option.groups()[1:] if value is not None), "")
    return sections
