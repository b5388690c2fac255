"""The workers' image as a tar for other tools: scripts/worker-image."""

import shutil
from pathlib import Path

import click

from tests.kube.images.oci import append
from tests.kube.images.worker import worker_image


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path), required=False)
def main(out: Path | None) -> None:
    """Prints the image's name and digest, and writes it to OUT, whole."""
    try:
        image = worker_image()
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
    if out:
        shutil.copyfile(image.tar, out)
        append(out, {image.tree.blob: image.tree.file})
    click.echo(image.name)


if __name__ == "__main__":
    main()
