"""What several commands share: words that they take, and the console that messages go to."""

from typing import Literal

from rich.console import Console

View = Literal["released", "robust"]
Format = Literal["ntu", "ucla", "utd", "sbu"]

err = Console(stderr=True, highlight=False, soft_wrap=True)
