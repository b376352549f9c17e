"""``croissant.json``: the dataset in the Croissant 1.0 vocabulary of MLCommons (mlcommons.org/croissant)."""

import functools
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any

from toolkit import __version__
from toolkit.exporters.rights import list_licences
from toolkit.exporters.tables import CONFIGS, Config, build_features

CONTEXT: Mapping[str, Any] = MappingProxyType(
    {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "dct": "http://purl.org/dc/terms/",
        "equivalentProperty": "cr:equivalentProperty",
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "extract": "cr:extract",
        "field": "cr:field",
        "fileObject": "cr:fileObject",
        "fileProperty": "cr:fileProperty",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "parentField": "cr:parentField",
        "path": "cr:path",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "samplingRate": "cr:samplingRate",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform",
    }
)
"""Appendix 1 of the specification, with the RAI vocabulary."""

_DATA_TYPES = {"string": "sc:Text", "int64": "sc:Integer", "float64": "sc:Float", "bool": "sc:Boolean"}


@functools.cache
def read_column_descriptions() -> Mapping[str, Mapping[str, str]]:
    """Return what each column means: config -> path of the column -> one sentence."""
    import yaml

    text = resources.files("toolkit.exporters").joinpath("columns.yaml").read_text(encoding="utf-8")
    return MappingProxyType(yaml.safe_load(text))


def build_croissant(body: Mapping[str, Any], summary: str) -> dict[str, Any]:
    """Return the JSON-LD of a dataset from the body of its manifest; paths are relative to the file itself.

    Columns that are lists within lists (the evidence of turns) are named but not described: a JSON path per step is all
    that Croissant 1.0 has to reach into a column, and mlcroissant 1.1 follows it through one list only.
    """
    licences = sorted({name for counts in body["counts"]["licenses"].values() for name in counts})
    present = [config for config in CONFIGS if body["configs"][config.name]["splits"]]
    return {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "reviewdial",
        "alternateName": body["title"],
        "description": summary,
        "version": body["first_version"],
        "license": [list_licences()[name].url for name in licences],
        "url": "https://openreview.net",
        "citeAs": "See the section Citation of README.md.",
        "isLiveDataset": False,
        "keywords": ["peer review", "OpenReview", "dialogue", "meta-review", "synthetic"],
        "creator": {"@type": "sc:Organization", "name": f"ReviewDial {__version__}"},
        "rai:hasSyntheticData": True,
        "distribution": [entry for config in present for entry in _describe_files(config, body)],
        "recordSet": [_describe_record_set(config) for config in present],
    }


def _describe_files(config: Config, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = [name for name in body["files"] if name.startswith(f"data/{config.name}/")]
    objects = [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "contentSize": f"{body['files'][name]['bytes']} B",
            "encodingFormat": "application/x-parquet",
            "sha256": body["files"][name]["sha256"],
        }
        for name in names
    ]
    # A file set that is contained in nothing lies beside croissant.json; readers then find the files by `includes`.
    return [
        *objects,
        {
            "@type": "cr:FileSet",
            "@id": f"{config.name}-files",
            "name": f"{config.name}-files",
            "encodingFormat": "application/x-parquet",
            "includes": f"data/{config.name}/*.parquet",
        },
    ]


def _describe_record_set(config: Config) -> dict[str, Any]:
    descriptions = read_column_descriptions()[config.name]
    return {
        "@type": "cr:RecordSet",
        "@id": config.name,
        "name": config.name,
        "key": {"@id": f"{config.name}/{config.key}"},
        "field": [
            _describe_field(config.name, (column["name"],), column, descriptions, in_list=False)
            for column in build_features(config.record)
        ],
    }


def _describe_field(
    config: str, path: tuple[str, ...], column: Mapping[str, Any], descriptions: Mapping[str, str], *, in_list: bool
) -> dict[str, Any]:
    field: dict[str, Any] = {"@type": "cr:Field", "@id": "/".join((config, *path)), "name": path[-1]}
    in_list = in_list or "list" in column
    inner = column.get("list", column.get("struct", column.get("dtype")))
    items = inner if isinstance(inner, list) else []
    skipped = [item["name"] for item in items if in_list and "list" in item]
    sentences = [descriptions.get(".".join(path), "")]
    if skipped:
        sentences.append(f"Not described here, as lists in lists: {', '.join(skipped)}.")
    if text := " ".join(filter(None, sentences)):
        field["description"] = text
    if "list" in column:
        field["repeated"] = True
    if isinstance(inner, str):
        field["dataType"] = _DATA_TYPES[inner]
    field["source"] = {"fileSet": {"@id": f"{config}-files"}, "extract": {"column": path[0]}}
    if len(path) > 1:
        field["source"]["transform"] = [{"jsonPath": step} for step in path[1:]]
    if items:
        field["subField"] = [
            _describe_field(config, (*path, item["name"]), item, descriptions, in_list=in_list)
            for item in items
            if item["name"] not in skipped
        ]
    return field
