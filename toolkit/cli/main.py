"""``reviewdial``: finds the command, runs it, and turns every way it can end into a message and an exit status."""

import contextlib
import importlib
import os
import signal
import sys
import traceback
from types import FrameType

import click

from toolkit import __version__
from toolkit.errors import ExitCode, ReviewDialError

COMMANDS = {
    "build": "Build a dataset from a recipe: all stages, one command.",
    "fetch": "Pull a venue's public review record from OpenReview.",
    "import": "Read files of API bodies into a build folder.",
    "normalize": "Turn raw notes into one record a paper, with aligned scores.",
    "synthesize": "Write dialogues from the records.",
    "parse": "Read raw transcripts of dialogues, losing nothing.",
    "audit": "Check every dialogue against the record.",
    "report": "Write the audit as one page for a browser.",
    "export": "Write a dataset folder: Parquet, JSONL, card, manifest.",
    "verify": "Check a dataset folder: checksums, schemas, evidence, splits.",
    "publish": "Put a dataset folder on the Hugging Face Hub: one commit, one tag.",
    "diff": "Compare two versions of a dataset, in folders or on the Hub.",
    "show": "Print a paper's record or a dialogue with its evidence.",
    "scales": "Explain the rating and confidence scales of a venue.",
}
"""Name -> one line of help, so that ``--help`` loads no command. The module is ``toolkit.cli.<name>_command``."""


class LazyCommands(click.Group):
    """A group that imports a command's module only when that command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"toolkit.cli.{name}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyCommands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "REVIEWDIAL",
        "max_content_width": 100,
    },
    epilog="Example: reviewdial build examples/first_dataset.toml",
)
@click.version_option(__version__, prog_name="reviewdial")
def commands() -> None:
    """Peer review from OpenReview, turned into dialogue datasets that anyone can check.

    Every command ends with 0 (done), 1 (failed), 2 (wrong usage), 3 (stopped, can be resumed), 4 (done, but some
    items are in quarantine), 130 (interrupted) or 143 (terminated).
    """


class _TerminatedError(BaseException):
    """SIGTERM came. Like Ctrl-C it passes through everything that catches errors, and open transactions roll back."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _TerminatedError


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit status; whatever goes wrong becomes one line on stderr."""
    debug = "--debug" in arguments
    try:
        result = commands.main(arguments, prog_name="reviewdial", standalone_mode=False)
    except ReviewDialError as error:
        _report(str(error), debug)
        return int(error.exit_code)
    except click.ClickException as error:
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            click.echo(error.format_message(), err=True)
        else:
            hint = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "reviewdial"
            _report(f"{error.format_message()} See `{hint} --help`.", debug)
        return int(ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt):
        _report("interrupted; run the same command again to go on", debug)
        return int(ExitCode.INTERRUPTED)
    except _TerminatedError:
        _report("told to end; run the same command again to go on", debug)
        return int(ExitCode.TERMINATED)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): that is no failure of ours, but stdout must not be flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)
    except OSError as error:
        # Stages wrap their own; what is left is our output: a full disk behind `>`, a closed descriptor.
        _report(f"the output cannot be written: {(error.strerror or type(error).__name__).lower()}", debug)
        return int(ExitCode.FAILED)
    except Exception as error:
        # The text of an unexpected exception may quote review text or credentials, so only its kind is shown.
        _report(f"unexpected {type(error).__name__}; run again with --debug and report what it prints", debug)
        return int(ExitCode.FAILED)
    return int(result or ExitCode.DONE)


def _report(message: str, debug: bool) -> None:
    """Print an error on stderr; the ids and names that it may quote never show a person's address or profile."""
    from toolkit.text import clean_text

    trace = traceback.format_exc() if debug else ""
    with contextlib.suppress(OSError):
        click.echo(clean_text(f"{trace}reviewdial: {message}").text, err=True)


def main() -> None:
    """Run the command line of this process and exit with its status."""
    signal.signal(signal.SIGTERM, _terminate)
    status = run(sys.argv[1:])
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            _report(f"the output cannot be written: {(error.strerror or type(error).__name__).lower()}", debug=False)
            status = status or int(ExitCode.FAILED)
    sys.exit(status)
