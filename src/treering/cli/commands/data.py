"""`treering data`: versions of data, in the formats of DVC."""

from __future__ import annotations

from treering.cli.dvc.declared.ours import GRACE, ONLY, PROFILE, SPLIT, VERIFY, WITH_JSON
from treering.cli.verb_group import VerbGroup, row

__all__ = ["data"]

_GC = (
    "Remove objects that nothing uses from the cache or a remote. What any commit, branch, tag, stash or experiment uses"
    " is kept, unless an option says that less is; and what is young."
)

data = VerbGroup(
    "data",
    """Versions of data, in place in a DVC repository or a new one.

    The same verbs as DVC's, the same files and the same cache: colleagues may use
    either. `treering dvc` is DVC's command line word for word, for scripts.
    Two more look at a table before a model is trained on it: `profile` and `split`.
    """,
    {
        "add": row("add", WITH_JSON),
        "cache": VerbGroup(
            "cache", "The cache.", {"dir": row("cache dir"), "migrate": row("cache migrate", WITH_JSON)}
        ),
        "check-ignore": row("check-ignore", WITH_JSON),
        "checkout": row("checkout", ONLY, WITH_JSON),
        "commit": row("commit"),
        "config": row("config", WITH_JSON),
        "destroy": row("destroy"),
        "diff": row("diff"),
        "doctor": row("version"),
        "du": row("du", WITH_JSON),
        "fetch": row("fetch", ONLY, WITH_JSON),
        "gc": row("gc", GRACE, WITH_JSON, text=_GC),
        "get": row("get", ONLY),
        "get-url": row("get-url"),
        "import": row("import", ONLY),
        "import-url": row("import-url"),
        "init": row("init"),
        "install": row("install"),
        "list": row("list"),
        "list-url": row("list-url", WITH_JSON),
        "move": row("move"),
        "profile": row(PROFILE),
        "pull": row("pull", ONLY, WITH_JSON),
        "push": row("push", ONLY, WITH_JSON),
        "remote": VerbGroup(
            "remote",
            "Where data is sent to.",
            {
                "add": row("remote add"),
                "default": row("remote default"),
                "list": row("remote list", WITH_JSON),
                "modify": row("remote modify"),
                "remove": row("remote remove"),
                "rename": row("remote rename"),
            },
        ),
        "remove": row("remove"),
        "root": row("root"),
        "split": row(SPLIT),
        "status": row("data status"),
        "unprotect": row("unprotect"),
        "update": row("update"),
        "verify": row(VERIFY),
    },
)
