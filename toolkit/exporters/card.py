"""The dataset card and the licence file, written from the manifest's body so that no figure can be out of step."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from toolkit.exporters.croissant import read_column_descriptions
from toolkit.exporters.facts import DIALOGUE_COUNTS, FORUM_COUNTS
from toolkit.exporters.rights import list_licences
from toolkit.exporters.splits import SPLITS
from toolkit.exporters.tables import CONFIGS, build_features

if TYPE_CHECKING:
    from jinja2 import Environment

SUMMARY = (
    "Dialogues between a meta-reviewer and a dialogue agent about papers and their public reviews, made from the "
    "OpenReview record, with evidence for every statement down to the characters of the note it rests on."
)

_ROW_MEANINGS = {
    "dialogues": "one dialogue with acts, evidence and metrics",
    "forums": "one paper: reviews with aligned scores, discussion, decision",
    "sft": "one dialogue as chat messages, with the record as system message",
    "dpo": "one answer as it is and with one controlled fault",
}

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@functools.cache
def _load_templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Markdown and plain text, not HTML: names that come from records pass through `_escape_cell`.
    return Environment(
        loader=PackageLoader("toolkit.exporters", ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render_card(body: Mapping[str, Any]) -> str:
    """Return README.md: YAML for the Hub and ``datasets``, then the card for people."""
    counts = body["counts"]
    return (
        _load_templates()
        .get_template("card.md.j2")
        .render(
            front_matter=_render_front_matter(body),
            summary=SUMMARY,
            body=body,
            counts={**counts, "venues": {_escape_cell(name): figures for name, figures in counts["venues"].items()}},
            splits=SPLITS,
            decision_splits=[split for split in SPLITS if split in counts["decisions_by_split"]],
            example_split=next(iter(body["configs"]["dialogues"]["splits"])),
            totals=[(name.replace("_", " "), counts[name]) for name in (*FORUM_COUNTS, *DIALOGUE_COUNTS)],
            tables=_list_tables(counts),
            licences=_describe_licences(body),
            generators=_name_generators(body),
            configs=[
                {
                    **body["configs"][config.name],
                    "name": config.name,
                    "row": _ROW_MEANINGS[config.name],
                    "columns": list(
                        _list_columns(build_features(config.record), read_column_descriptions()[config.name])
                    ),
                }
                for config in CONFIGS
            ],
        )
    )


def _list_tables(counts: Mapping[str, Any]) -> list[tuple[str, Mapping[str, int]]]:
    headings = {
        "decisions": "decision (papers)",
        "years": "year (papers)",
        "rating_status": "the rating's scale is (reviews)",
        "score_stages": "scores are (papers)",
        "generators": "generator (dialogues)",
    }
    return [(heading, counts[name]) for name, heading in headings.items()]


def render_licence(body: Mapping[str, Any]) -> str:
    """Return the text of the file LICENSE."""
    template = _load_templates().get_template("license.txt.j2")
    return template.render(body=body, licences=_describe_licences(body), generators=_name_generators(body))


def _name_generators(body: Mapping[str, Any]) -> str:
    return ", ".join(f"the generator {name}" for name in body["counts"]["generators"])


def _describe_licences(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    by_config = body["counts"]["licenses"]
    names = sorted({name for counts in by_config.values() for name in counts})
    return [
        {
            "name": name,
            "url": list_licences()[name].url,
            "rows": {config: counts[name] for config, counts in by_config.items() if name in counts},
        }
        for name in names
    ]


def _list_columns(
    columns: Sequence[Mapping[str, Any]], meanings: Mapping[str, str], parent: str = ""
) -> Iterator[dict[str, str]]:
    """Yield the columns of a table, and below them those nested columns that have a description."""
    for column in columns:
        path = f"{parent}{column['name']}"
        inner = column.get("list", column.get("struct", column.get("dtype")))
        kind = inner if isinstance(inner, str) else "struct"
        if not parent or path in meanings:
            yield {
                "path": path,
                "type": f"list of {kind}" if "list" in column else kind,
                "meaning": _escape_cell(meanings.get(path, "")),
            }
        if isinstance(inner, list):
            yield from _list_columns(inner, meanings, f"{path}.")


def _escape_cell(text: str) -> str:
    """Keep a text from breaking out of its cell of a Markdown table.

    >>> _escape_cell("a|b <i>")
    'a\\\\|b &lt;i>'
    """
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _render_front_matter(body: Mapping[str, Any]) -> str:
    import yaml

    rights = {"license": body["license"]}
    if body["license"] == "other":
        rights |= {"license_name": "by-row", "license_link": "LICENSE"}
    rows = body["counts"]["dialogues"]
    present = [config for config in CONFIGS if body["configs"][config.name]["splits"]]
    meta = {
        "pretty_name": body["title"],
        "language": ["en"],
        **rights,
        "task_categories": ["text-generation", "question-answering", "summarization"],
        "size_categories": [next((size for limit, size in _SIZES if rows < limit), "n>1M")],
        "tags": ["synthetic", "peer-review", "openreview", "dialogue", "meta-review"],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["found", "machine-generated"],
        "multilinguality": ["monolingual"],
        "source_datasets": ["original"],
        "configs": [
            {
                "config_name": config.name,
                **({"default": True} if config is CONFIGS[0] else {}),
                "data_files": [
                    {"split": split, "path": f"data/{config.name}/{split}-*.parquet"}
                    for split in body["configs"][config.name]["splits"]
                ],
            }
            for config in present
        ],
        "dataset_info": [
            _describe_info(config.name, config.record, body["configs"][config.name]) for config in present
        ],
    }
    # No line breaks inside values: some readers of front matter are simpler than YAML.
    return yaml.safe_dump(meta, sort_keys=False, allow_unicode=True, width=10_000)


def _describe_info(name: str, record: type, config: Mapping[str, Any]) -> dict[str, Any]:
    splits = config["splits"]
    return {
        "config_name": name,
        "features": build_features(record),
        "splits": [
            {"name": split, "num_bytes": figures["unpacked_bytes"], "num_examples": figures["rows"]}
            for split, figures in splits.items()
        ],
        "download_size": sum(figures["parquet_bytes"] for figures in splits.values()),
        "dataset_size": sum(figures["unpacked_bytes"] for figures in splits.values()),
    }
