"""Dataset folders: Parquet and JSONL tables, splits, card, Croissant, manifest, and the check that all of it holds."""

from toolkit.exporters.dataset import ExportOptions, ExportReport, export
from toolkit.exporters.hub import PublishOptions, PublishReport, publish_dataset
from toolkit.exporters.splits import assign_split
from toolkit.exporters.verify import VerifyReport, verify_dataset

__all__ = [
    "ExportOptions",
    "ExportReport",
    "PublishOptions",
    "PublishReport",
    "VerifyReport",
    "assign_split",
    "export",
    "publish_dataset",
    "verify_dataset",
]
