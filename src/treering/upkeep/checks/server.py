"""Whether a tracking server answers, speaks our language, and has the same time."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from importlib.metadata import version

from treering.client.channel import Channel
from treering.core.clock import now
from treering.core.errors import TreeringError
from treering.upkeep.finding import Case, Examined, Finding
from treering.wire.endpoint import Empty
from treering.wire.native import server

__all__ = ["check_server"]

_SKEW = 5000


def check_server(case: Case) -> Examined:
    """Asks the server once."""
    with closing(Channel(case.uri, replace(case.settings, http_retries=0))) as channel:
        before = now()
        try:
            info = channel.call(server.INFO, Empty())
        except TreeringError as error:
            what, _, advice = error.message.partition(". ")
            why = "Runs that are logged meanwhile stay on this machine, and are delivered later."
            return Examined("server", channel.url, [Finding(f"{what}.", why, advice or f"curl {channel.url}/health")])
        after = now()
    findings = []
    ours = version("treering")
    if info.version.split(".")[:2] != ours.split(".")[:2]:
        findings.append(
            Finding(
                f"The server is Treering {info.version}, this is {ours}.",
                "A newer program may ask what an older server does not know.",
                f"pip install 'treering=={info.version}'  # or upgrade the server",
            )
        )
    ahead = info.time - (before + after) // 2
    if info.time and abs(ahead) > _SKEW + (after - before):
        findings.append(
            Finding(
                f"The server's clock is {abs(ahead) / 1000:.0f} s {'ahead of' if ahead > 0 else 'behind'} this one.",
                "Times of runs and points of this machine do not fit those of others.",
                "timedatectl status  # on both machines",
            )
        )
    return Examined("server", f"{channel.url}, Treering {info.version}, {after - before} ms", findings)
