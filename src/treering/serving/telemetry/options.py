"""What can be said about traces, in the variables that OpenTelemetry gives to all programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from treering.core.errors import InvalidInput

__all__ = ["TraceOptions", "trace_options"]

_SAMPLERS: Mapping[str, float | None] = {
    "always_on": 1.0, "always_off": 0.0, "traceidratio": None, "parentbased_always_on": 1.0,
    "parentbased_always_off": 0.0, "parentbased_traceidratio": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """Where spans go.

    Attributes:
        url: Of the collector, with its path, which ends with /v1/traces.
        sample: The share of requests that are traced, of those whose client does not say.
        parent: Whether a client that says decides.
        headers: Sent with each batch, such as a key.
        resource: Attributes of this server.
        timeout: Seconds for one batch.
        certificate: PEM file of the authorities that the collector's certificate is checked against; empty: the usual.
    """

    url: str
    sample: float = 1.0
    parent: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    resource: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    certificate: str = ""


def trace_options(variables: Mapping[str, str]) -> TraceOptions | None:
    """As `OTEL_*` says; None unless a collector is named.

    Raises:
        InvalidInput: If a variable is not understood.
    """

    def value(name: str, default: str = "") -> str:
        # What is said of traces alone counts before what is said of all signals.
        return (
            variables.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}") or variables.get(f"OTEL_EXPORTER_OTLP_{name}") or default
        )

    base = variables.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    url = variables.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or (f"{base.rstrip('/')}/v1/traces" if base else "")
    exporter = variables.get("OTEL_TRACES_EXPORTER", "otlp")
    if not url or exporter == "none" or variables.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    protocol = value("PROTOCOL", "http/json")
    if protocol not in {"http/json", "http/protobuf"} or not url.startswith(("http://", "https://")):
        msg = (
            f"Traces cannot be sent to {url!r} by {protocol!r}: they go as JSON over HTTP. Name the collector's address for"
            " that, mostly port 4318, and set OTEL_EXPORTER_OTLP_PROTOCOL=http/json."
        )
        raise InvalidInput(msg)
    sampler = variables.get("OTEL_TRACES_SAMPLER", "parentbased_always_on")
    if sampler not in _SAMPLERS:
        msg = f"OTEL_TRACES_SAMPLER={sampler!r} is not known. Known ones: {', '.join(_SAMPLERS)}."
        raise InvalidInput(msg)
    fixed = _SAMPLERS[sampler]
    resource = {"service.name": "treering", **_pairs(variables.get("OTEL_RESOURCE_ATTRIBUTES", ""))}
    if name := variables.get("OTEL_SERVICE_NAME"):
        resource["service.name"] = name
    return TraceOptions(
        url,
        fixed
        if fixed is not None
        else _number("OTEL_TRACES_SAMPLER_ARG", variables.get("OTEL_TRACES_SAMPLER_ARG", "1"), 1),
        sampler.startswith("parentbased"),
        _pairs(value("HEADERS")),
        resource,
        _number("OTEL_EXPORTER_OTLP_TIMEOUT", value("TIMEOUT", "10000"), 3_600_000) / 1000,
        value("CERTIFICATE"),
    )


def _pairs(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if "=" in pair]
    return {unquote(name.strip()): unquote(value.strip()) for name, _, value in pairs}


def _number(name: str, text: str, most: float) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= most:
        msg = f"{name}={text!r} has to be a number from 0 to {most:g}."
        raise InvalidInput(msg)
    return found
