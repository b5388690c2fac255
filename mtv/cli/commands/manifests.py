"""`mtv check` with its second thing to look at: manifests."""

from dataclasses import asdict

import click

from mtv.cli import output
from mtv.cli.commands.ends import check
from mtv.cli.options import example
from mtv.words import count, plain

__all__ = ["check"]

COLUMNS = ("file", "kind", "name", "level", "field", "value", "rule", "text", "fix", "link")


@check.command("manifest", epilog=example("mtv check manifest vm.yaml", "mtv check manifest manifests/ -o json"))
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--inventory", multiple=True, metavar="FILE", help="Claims, instancetypes, preferences that are there already."
)
@click.option("--namespace", "-n", default="", help="Where documents go that say no namespace.")
@click.option("--kubevirt", default="", metavar="VERSION", help="1.6 to 1.9 (1.9).")
@click.option("--gate", "gates", multiple=True, metavar="NAME", help="A feature gate that is switched on there.")
@output.form
def check_manifest(
    files: tuple[str, ...], inventory: tuple[str, ...], namespace: str, kubevirt: str, gates: tuple[str, ...], form: str
) -> int:
    """Say what KubeVirt and CDI would refuse of FILEs, or take and break: exit 4 if anything is refused.

    A FILE is YAML or JSON, of any number of documents; a folder means all files in it, - means stdin.
    """
    from mtv.verbs import manifests

    found = manifests.check_files(files, inventory, kubevirt=kubevirt, namespace=namespace, gates=gates)
    rows = [asdict(row) for row in found.rows]
    if form != "table":
        click.echo(output.show(rows, form, COLUMNS), nl=False)
    for row in rows if form == "table" else ():
        value = f" ({row['value']})" if row["value"] else ""
        whose = f"{row['kind']} {row['name']}".strip() or "a document"
        place = f": {row['field']}{value}" if row["field"] else ""
        click.echo(plain(f"{row['file']}: {whose}: {row['level']}{place}"))
        click.echo(plain(f"    {row['text']} [{row['rule']}]"))
        click.echo(plain(f"    {row['fix']}"))
    levels = [sum(row["level"] == level for row in rows) for level in ("refused", "broken", "warning")]
    told = f"{levels[0]} refused, {levels[1]} broken, {count(levels[2], 'warning')}" if rows else "nothing found"
    click.echo(f"{count(found.documents, 'document')}: {told}", err=True)
    return 4 if found.is_refused else 0
