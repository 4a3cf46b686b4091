"""`treering bundle containerize` and `dockerfile`."""

from __future__ import annotations

import click

from treering.bundles.images.dockerfile import BACKENDS
from treering.client.bundles import images
from treering.core.errors import InvalidInput

__all__ = ["containerize_command", "dockerfile_command"]

_base_option = click.option(
    "--base", default="",
    help="What the image starts from: the name of an image for docker and its like; a path of an OCI layout or archive,"
    " of what docker saved, or of a Linux' root files, with --to.",
)  # fmt: skip
_wheels_option = click.option(
    "--wheels", type=click.Path(exists=True, file_okay=False), help="Folder with all packages; no index is asked then."
)


@click.command("containerize")
@click.argument("bundle")
@click.option("--tag", "-t", "tags", multiple=True, help="Name of the image, as repository:tag; else the bundle's.")
@_base_option
@click.option(
    "--to", "target", type=click.Path(), help="Write an OCI image here, without any daemon: a .tar file or a folder."
)
@click.option("--architecture", default="", help="Such as arm64, with --to; else this machine's.")
@_wheels_option
@click.option(
    "--backend", type=click.Choice(BACKENDS), help="What builds it without --to; else the first that is there."
)
@click.option("--opt", "more", multiple=True, help="Further argument for the backend, such as --no-cache.")
def containerize_command(
    bundle: str, tags: tuple[str, ...], base: str, target: str | None, **given: str | tuple[str, ...] | None
) -> None:
    """Make an image of BUNDLE, whose containers need neither a tracking store nor the network."""

    def tell(line: str) -> None:
        click.echo(line, err=True)

    more = given["more"] or ()
    if target is None:
        name = images.containerize(bundle, tags, backend=str(given["backend"] or ""), base=base, more=tuple(more))
        click.echo(f"Built {name}. Run it with: docker run --rm -p 8080:8080 {name}")
        return
    if not base:
        msg = "An image that is written here needs a base on this disk. Give --base, or leave out --to."
        raise InvalidInput(msg)
    if len(tags) > 1 or given["backend"] or more:
        msg = "With --to an image has one --tag, and no --backend or --opt."
        raise InvalidInput(msg)
    wheels = str(given["wheels"]) if given["wheels"] else None
    written = images.write_image(
        bundle, target, base, name=tags[0] if tags else "", architecture=str(given["architecture"] or ""),
        wheels=wheels, tell=tell,
    )  # fmt: skip
    click.echo(f"Wrote {target}: {written.digest}, {written.size} bytes of layers")


@click.command("dockerfile")
@click.argument("bundle")
@click.argument("folder", type=click.Path())
@_base_option
@_wheels_option
def dockerfile_command(bundle: str, folder: str, base: str, wheels: str | None) -> None:
    """Write a Dockerfile for BUNDLE, and all that it copies, into a new FOLDER."""
    made = images.dockerfile(bundle, folder, base=base, wheels=wheels)
    click.echo(f"Wrote {made}. Build it with: docker build {made}")
