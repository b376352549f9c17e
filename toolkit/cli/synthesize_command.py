"""``reviewdial synthesize``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode
from toolkit.records import Length, OptionalAct, Persona, SynthesisMode

if TYPE_CHECKING:
    from toolkit.pipeline import ModelOptions

POSITIVE = click.FloatRange(0, min_open=True)


@click.command(
    "synthesize",
    epilog="Example: reviewdial synthesize output/demo --per-forum 2 --seed 7"
    "\n\nreviewdial synthesize output/demo --generator llm --model my-model --base-url http://127.0.0.1:8000/v1",
)
@click.argument("folder", metavar="DIR", type=terminal.FOLDER)
@click.option(
    "--generator",
    type=click.Choice(["grounded", "llm"]),
    default="grounded",
    show_default=True,
    help="grounded: offline and extractive. llm: a model behind an OpenAI-compatible endpoint, every turn verified.",
)
@click.option(
    "--per-forum", type=click.IntRange(1, 20), default=1, show_default=True, metavar="N", help="Dialogues a paper."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    metavar="S",
    help="Same seed, same dialogues.",
)
@click.option(
    "--persona",
    "personas",
    type=click.Choice(get_args(Persona)),
    multiple=True,
    help="How the meta-reviewer asks; may be given more than once. Default: all, one is drawn for each dialogue.",
)
@click.option(
    "--length",
    type=click.Choice(get_args(Length)),
    default="medium",
    show_default=True,
    help="How many questions: short 3-5, medium 5-8, long 8-12.",
)
@click.option(
    "--leave-out",
    type=click.Choice(get_args(OptionalAct)),
    multiple=True,
    metavar="ACT",
    help=f"Never ask this; may be given more than once: {', '.join(get_args(OptionalAct))}.",
)
@click.option("--model", help="llm: the model's name at the endpoint.")
@click.option("--base-url", metavar="URL", help="llm: the endpoint, such as http://127.0.0.1:8000/v1.")
@click.option("--temperature", type=click.FloatRange(0, 2), default=0.7, show_default=True, help="llm: sampling.")
@click.option(
    "--max-output-tokens", type=click.IntRange(1), default=4096, show_default=True, help="llm: of one answer."
)
@click.option("--concurrency", type=click.IntRange(1, 512), default=8, show_default=True, help="llm: answers at once.")
@click.option(
    "--mode",
    type=click.Choice(get_args(SynthesisMode)),
    default="dialogue",
    show_default=True,
    help="llm: the whole dialogue in one answer, or one answer a turn.",
)
@click.option("--stream", is_flag=True, help="llm: let answers come in parts.")
@click.option("--max-tokens", type=click.IntRange(1), help="llm: tokens in and out that this run may use.")
@click.option("--max-cost", type=POSITIVE, help="llm: what this run may cost, in the currency of the prices.")
@click.option("--max-minutes", type=POSITIVE, help="llm: how long this run may ask.")
@click.option("--price-in", type=click.FloatRange(0), default=0.0, help="llm: price of a million tokens in.")
@click.option("--price-out", type=click.FloatRange(0), default=0.0, help="llm: price of a million tokens out.")
@click.option(
    "--batch-out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="llm: write what is to be asked as an OpenAI batch (JSONL), asking nobody.",
)
@click.option(
    "--batch-in",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="llm: take the results of a batch first; what it lacks is asked again.",
)
@click.option("--rounds", type=click.IntRange(0, 5), default=2, show_default=True, help="llm: refinements at most.")
@click.option("--fall-back", is_flag=True, help="llm: write what still fails with the grounded generator.")
@click.option("--prompts", type=terminal.FOLDER, metavar="FOLDER", help="llm: templates of your own.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="llm: rebuild from an answers.jsonl, asking nobody.",
)
@terminal.add_common_options
def command(
    folder: Path,
    generator: str,
    per_forum: int,
    seed: int,
    personas: tuple[Persona, ...],
    length: Length,
    leave_out: tuple[OptionalAct, ...],
    as_json: bool,
    **model: Any,
) -> ExitCode:
    """Turn DIR/forums/ into DIR/dialogues/: a meta-reviewer asks, an agent that has read the reviews answers.

    A paper that no dialogue can be written about (no review, for example), and a dialogue of a model that fails the
    audit, is listed with its reason in DIR/quarantine/synthesize.jsonl. A model's answers are kept in
    DIR/answers.sqlite: a run that was interrupted goes on and asks nothing twice. The key comes from OPENAI_API_KEY.
    """
    from toolkit.pipeline import run_synthesize, run_synthesize_with_model

    options = _read_model_options(model) if generator == "llm" else None
    workspace = places.open_workspace(folder)
    with places.lock_workspace(workspace):
        shared: dict[str, Any] = {
            "per_forum": per_forum,
            "seed": seed,
            "personas": personas,
            "length": length,
            "leave_out": leave_out,
            "progress": terminal.pick_progress(),
        }
        if options is not None:
            report = run_synthesize_with_model(workspace, options, **shared)
        else:
            report = run_synthesize(workspace, **shared)
    terminal.print_stage(report, workspace.dialogues, as_json, next_command=f"reviewdial audit {folder}")
    return report.exit_code


def _read_model_options(given: Mapping[str, Any]) -> "ModelOptions":
    from toolkit.pipeline import ModelOptions
    from toolkit.synthesizers.llm import EndpointOptions, Limits, WriterOptions

    if not given["model"]:
        raise click.UsageError("--generator llm needs --model NAME.")
    if given["max_cost"] is not None and not (given["price_in"] or given["price_out"]):
        raise click.UsageError("--max-cost needs --price-in and --price-out, of a million tokens each.")
    if given["replay"] and (given["batch_in"] or given["batch_out"]):
        raise click.UsageError("--replay asks nobody, so it goes with neither --batch-in nor --batch-out.")
    limits = Limits(*(given[name] for name in ("max_tokens", "max_cost", "max_minutes", "price_in", "price_out")))
    endpoint = EndpointOptions(
        given["model"],
        base_url=given["base_url"],
        concurrency=given["concurrency"],
        stream=given["stream"],
        limits=limits,
    )
    names = ("model", "mode", "temperature", "max_output_tokens", "rounds", "fall_back")
    writer = WriterOptions(*(given[name] for name in names))
    return ModelOptions(endpoint, writer, *(given[name] for name in ("prompts", "replay", "batch_in", "batch_out")))
