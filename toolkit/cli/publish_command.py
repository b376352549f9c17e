"""``reviewdial publish``."""

from pathlib import Path

import click

from toolkit.cli import terminal
from toolkit.errors import ExitCode

NAMES_SHOWN = 12
"""Files that the text names; --json names all."""


@click.command(
    "publish",
    epilog="Example: reviewdial publish output/demo/dataset someone/review-dialogues --tag v1.0.0 --dry-run",
)
@click.argument("folder", metavar="DATASET_DIR", type=terminal.FOLDER)
@click.argument("repository", metavar="NAMESPACE/NAME")
@click.option("--tag", help="The version's name; without it, v and the version that the manifest names.")
@click.option("--dry-run", is_flag=True, help="Check the folder and say what would be sent; nothing is changed.")
@click.option("--private", is_flag=True, help="Make the repository private; one that is public already is refused.")
@click.option("--gated", type=click.Choice(["auto", "manual"]), help="Ask readers for access.")
@click.option("--pr", "pull_request", is_flag=True, help="Open a pull request instead of a commit and a tag.")
@click.option("--endpoint", metavar="URL", help="Another Hub than huggingface.co; HF_ENDPOINT says the same.")
@terminal.add_common_options
def command(
    folder: Path,
    repository: str,
    tag: str | None,
    dry_run: bool,
    private: bool,
    gated: str | None,
    pull_request: bool,
    endpoint: str | None,
    as_json: bool,
) -> ExitCode:
    """Publish a dataset folder on the Hugging Face Hub: one commit, then a tag that never moves.

    The folder is verified and searched for secrets first. What is there already is not sent again; shards of an earlier
    version that this one does not have are removed. An interrupted run leaves the old version whole, and the same
    command goes on. The token comes from HF_TOKEN or `hf auth login`.
    """
    from toolkit.exporters import PublishOptions, publish_dataset

    if pull_request and tag:
        raise click.UsageError("A pull request is not tagged; leave out --tag or --pr.")
    gate = {"auto": "auto", "manual": "manual"}.get(gated or "")
    options = PublishOptions(tag, private, gate, pull_request, dry_run, endpoint)  # type: ignore[arg-type]
    report = publish_dataset(folder, repository, options, terminal.pick_progress())
    lines = []
    for word, names in (("add", report.added), ("delete", report.deleted)):
        lines += [f"  {word:<7}{name}" for name in names[:NAMES_SHOWN]]
        if len(names) > NAMES_SHOWN:
            lines.append(f"  {word:<7}... and {len(names) - NAMES_SHOWN} more")
    lines.append(f"  {report.unchanged} files are there already")
    at = f" at {report.tag}" if report.tag else ""
    lines.insert(0, f"{_WORDS[report.done]}: {report.url}{at}")
    terminal.print_result(as_json, report._asdict(), "\n".join(lines))
    return ExitCode.DONE


_WORDS = {
    "published": "Published",
    "already-published": "Nothing to do, it is published",
    "pull-request": "Pull request",
    "dry-run": "Would publish",
}
