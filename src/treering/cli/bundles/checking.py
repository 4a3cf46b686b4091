"""`treering bundle verify`, `sign` and `keygen`."""

from __future__ import annotations

import click

from treering.cli.models.options import trust_option, trusted
from treering.cli.output import json_option, print_json
from treering.client.bundles import checking

__all__ = ["keygen_command", "sign_command", "verify_command"]

_FAILED = 1


@click.command("verify")
@click.argument("bundle")
@click.option("--key", "keys", multiple=True, type=click.Path(), help="Public key, of which one has to have signed.")
@click.option("--answers/--no-answers", default=True, help="Whether models are asked for their examples.")
@trust_option
@json_option
@click.pass_context
def verify_command(
    ctx: click.Context, bundle: str, keys: tuple[str, ...], trust: tuple[str, ...], *, answers: bool, as_json: bool
) -> None:
    """Look whether BUNDLE is what was built, and answers as it did then. The exit status is 1 if not."""
    word = trusted(trust) or None
    report = checking.verify(bundle, keys=keys, answers=answers, trust=word)  # type: ignore[arg-type]  # True or names
    if as_json:
        print_json(
            {
                "bundle": report.manifest.reference,
                "digest": report.manifest.digest,
                "wrong": list(report.wrong),
                "signer": report.signer,
                "asked": report.asked,
            }
        )
    else:
        for line in report.wrong:
            click.echo(f"Wrong: {line}")
        made = report.manifest
        if not report.wrong:
            click.echo(f"{made.reference} is whole: {len(made.files)} files with {made.size} bytes.")
            if report.signer:
                click.echo(f"It is signed by {report.signer}.")
            click.echo(f"{report.asked} of {made.tests} sample requests were asked, and answered as when it was built.")
    ctx.exit(_FAILED if report.wrong else 0)


@click.command("sign")
@click.argument("bundle")
@click.option("--key", required=True, type=click.Path(exists=True), help="File with the private key.")
@click.option("--by", default="", help="Who signs; else your user name.")
def sign_command(bundle: str, key: str, by: str) -> None:
    """Sign BUNDLE, for those who know the public key."""
    made = checking.sign(bundle, key, by)
    click.echo(f"Signed by {made.by} with the key {made.key}")


@click.command("keygen")
@click.argument("path", type=click.Path())
def keygen_command(path: str) -> None:
    """Make a pair of keys: PATH, to be kept secret, and PATH.pub, for everybody."""
    private, public = checking.generate_keys(path)
    click.echo(f"Wrote {private} and {public}. Sign with the first; whoever verifies needs the second.")
