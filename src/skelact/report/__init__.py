"""What a run has to show for itself: `report` writes it as one HTML file, `figure` draws still pictures."""

from skelact.report.page import report

__all__ = ["report"]
