"""Dialogues from a language model: asked for once, verified by the auditors, rebuilt from the record of its answers."""

from toolkit.synthesizers.llm.batches import BatchReport, read_results, write_requests
from toolkit.synthesizers.llm.budget import Limits, Usage
from toolkit.synthesizers.llm.calls import AnswerStore, Call, open_answers
from toolkit.synthesizers.llm.endpoint import EndpointOptions
from toolkit.synthesizers.llm.prompting import Prompts
from toolkit.synthesizers.llm.refining import Round, Verify
from toolkit.synthesizers.llm.runs import (
    Estimate,
    Rebuilt,
    ask_for_dialogues,
    estimate_run,
    find_waiting,
    rebuild_dialogues,
)
from toolkit.synthesizers.llm.writer import Writer, WriterOptions, Written

__all__ = [
    "AnswerStore",
    "BatchReport",
    "Call",
    "EndpointOptions",
    "Estimate",
    "Limits",
    "Prompts",
    "Rebuilt",
    "Round",
    "Usage",
    "Verify",
    "Writer",
    "WriterOptions",
    "Written",
    "ask_for_dialogues",
    "estimate_run",
    "find_waiting",
    "open_answers",
    "read_results",
    "rebuild_dialogues",
    "write_requests",
]
