"""The page on which models are tried: one file without anything of others, made from the server's OpenAPI document.

It may load nothing but that, and run nothing but its own script.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

__all__ = ["PAGE"]


def _page() -> bytes:
    text = (files("treering.serving.models") / "page.html").read_text(encoding="utf-8")
    allowed = {
        f"{kind}-src": f"'sha256-{_digest(re.search(rf'<{tag}>(.*?)</{tag}>', text, re.DOTALL))}'"
        for kind, tag in (("script", "script"), ("style", "style"))
    }
    rules = {"default-src": "'none'", **allowed, "connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'"}
    return text.replace("POLICY", "; ".join(f"{name} {value}" for name, value in rules.items())).encode()


def _digest(found: re.Match[str] | None) -> str:
    return base64.b64encode(hashlib.sha256(found[1].encode() if found else b"").digest()).decode()


PAGE = _page()
