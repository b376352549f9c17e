"""``reviewdial import``."""

from pathlib import Path

import click

from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode


@click.command("import", epilog="Example: reviewdial import crawls/iclr-2019.jsonl.gz --out output/iclr-2019")
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=terminal.FOLDER, metavar="DIR", help="The build folder; made if missing.")
@click.option("--sample", is_flag=True, help="Read the bundled sample instead of files.")
@terminal.add_common_options
def command(paths: tuple[Path, ...], out: Path, sample: bool, as_json: bool) -> ExitCode:
    """Read files of API bodies into DIR/store.sqlite.

    A PATH is a file, or a folder with .json and .jsonl files in it, plain, gzip or zstd. A body is {"notes": [...]}, a
    list of notes, or one note; JSONL holds one body a line. Notes that are not public are not stored. Notes that
    cannot be read are set aside with the reason. When a file cannot be read, nothing at all is stored.
    """
    from toolkit.pipeline import run_import

    if sample == bool(paths):
        raise click.UsageError("Give files or folders to read, or --sample; not both, not neither.")
    workspace = places.open_workspace(out, create=True)
    with places.lock_workspace(workspace):
        report = run_import(workspace, paths, sample=sample, progress=terminal.pick_progress())
    terminal.print_stage(report, workspace.store, as_json, next_command=f"reviewdial normalize {out}")
    return report.exit_code
