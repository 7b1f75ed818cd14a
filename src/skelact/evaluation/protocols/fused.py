"""Shows a fusion of results. It measures nothing, so `skelact evaluate` does not offer it."""

from rich.table import Table

from skelact.config import Config
from skelact.evaluation.protocols.protocol import Protocol
from skelact.evaluation.results.outcome import Fused
from skelact.evaluation.results.table import Figure, Row, accuracy_table


class Fusion(Protocol[Config, Fused]):
    """Class scores of several streams, added up clip by clip."""

    name = "fuse"
    words = "Class scores of several results added up."
    options = Config
    result = Fused
    in_all = False

    def figures(self, result: Fused) -> list[Figure]:
        return [Figure("top 1", result.last.top1, None, None, None)]

    def verdict(self, result: Fused) -> str:
        strongest = max(result.parts, key=lambda part: part.last.top1)
        gain = result.last.top1 - strongest.last.top1
        return f"fused is {gain:+.1f} points from the best stream ({strongest.stream}, {strongest.last.top1:.1f})"

    def table(self, result: Fused) -> Table:
        rows = [Row(part.stream, part.last, f"weight {part.weight:g}, {part.file}") for part in result.parts]
        rows.append(Row("fused", result.last, "class scores added up clip by clip; first seed, last epoch"))
        return accuracy_table(result, rows, self.verdict(result))

    def how(self, result: Fused) -> str:
        parts = ", ".join(f"{part.weight:g} {part.stream} {part.last.top1:.1f}" for part in result.parts)
        return f"class scores of {len(result.parts)} results added up clip by clip, weight and own top-1: {parts}"
