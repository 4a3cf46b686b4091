"""`treering services`: what a service can be asked, and the code of a client for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from treering.cli.output import json_option, print_json, print_table
from treering.client.services.blocking import SyncHTTPClient
from treering.client.services.described import Endpoint, endpoints_of
from treering.client.services.generated import client_code
from treering.core.whole_files import write_whole
from treering.serving.services.finding import found_service

__all__ = ["services"]


@click.group()
def services() -> None:
    """What a service can be asked, and the code of a client for it.

    A service is named as treering serve names it, such as service:Shop, or by the URL where it answers.
    """


@services.command()
@click.argument("target")
@json_option
def show(target: str, *, as_json: bool) -> None:
    """Show a service's methods, what they take and what they give."""
    schema = _schema(target)
    if as_json:
        print_json(schema)
        return
    rows = [
        (one["name"], one["route"], _takes(one["input"]), _gives(one["output"]), "task" if one.get("is_task") else "")
        for one in schema["routes"]
    ]
    print_table(["method", "route", "takes", "gives", ""], rows, "The service has no methods.")


@services.command()
@click.argument("target")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The file to write; without it, it is printed.")
@click.option("--name", default="", help="Of the client's class; by default the service's, with Client behind it.")
def client(target: str, output: Path | None, name: str) -> None:
    """Write the code of a client with types, one class that waits and one for asyncio."""
    schema = _schema(target)
    endpoints: dict[str, Endpoint] = endpoints_of(msgspec.json.encode(schema))
    code = client_code(str(schema.get("name", "Service")), endpoints.values(), name)
    if output is None:
        click.echo(code, nl=False)
        return
    write_whole(output, code.encode())
    click.echo(f"Wrote {output}")


def _schema(target: str) -> dict[str, Any]:
    if target.startswith(("http://", "https://", "unix://")):
        with SyncHTTPClient(target) as asked:
            found: dict[str, Any] = msgspec.json.decode(asked.request("GET", "/schema.json").body)
            return found
    return found_service(target).schema()


def _takes(schema: dict[str, Any]) -> str:
    if schema.get("root_input"):
        return _kind(schema)
    needed = schema.get("required", [])
    return ", ".join(
        f"{name}: {_kind(one)}" + ("" if name in needed else "?") for name, one in schema.get("properties", {}).items()
    )


def _gives(schema: dict[str, Any]) -> str:
    return f"{_kind(schema)}, in pieces" if schema.get("is_stream") else _kind(schema)


def _kind(schema: dict[str, Any]) -> str:
    kind = str(schema.get("type", "any"))
    if kind == "tensor":
        shape = "x".join("*" if one < 0 else str(one) for one in schema.get("shape", []))
        return " ".join(["array", *filter(None, (schema.get("dtype"), shape))])
    if kind == "file" and schema.get("pil"):
        return "image"
    return f"list of {_kind(schema.get('items', {}))}" if kind == "array" else kind
