"""Dataset folders: Parquet and JSONL tables, splits, card, Croissant, manifest, and the check that all of it holds."""

from toolkit.exporters.dataset import ExportOptions, ExportReport, export
from toolkit.exporters.diff import DiffReport, diff_datasets
from toolkit.exporters.hub import PublishOptions, PublishReport, publish_dataset
from toolkit.exporters.splits import assign_split
from toolkit.exporters.verify import VerifyReport, verify_dataset

__all__ = [
    "DiffReport",
    "ExportOptions",
    "ExportReport",
    "PublishOptions",
    "PublishReport",
    "VerifyReport",
    "assign_split",
    "diff_datasets",
    "export",
    "publish_dataset",
    "verify_dataset",
]
