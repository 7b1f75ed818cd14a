"""Reports about runs: `report` writes one HTML file, `figure` draws still pictures."""

from skelact.report.page import report

__all__ = ["report"]
