"""The audit as one page for a browser."""

from toolkit.auditors.report.page import REPORT_LIMIT, build_report

__all__ = ["REPORT_LIMIT", "build_report"]
