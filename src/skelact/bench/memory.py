"""Peak memory of a variant, measured in a separate process.

    python -m skelact.bench.memory CONFIG_JSON WORK COMPARISON VARIANT

On a CPU: the highest resident memory, libraries included. On a GPU: the highest allocated memory.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from skelact.bench.config import BenchConfig
from skelact.bench.works import comparisons, device_for
from skelact.system.allocator import kept_memory


def peak_bytes(config: BenchConfig, work: str, comparison: int, variant: int) -> int:
    """Peak memory of one variant, in bytes. RuntimeError with the output of the process if it failed."""
    arguments = [work, str(comparison), str(variant)]
    command = [sys.executable, "-m", "skelact.bench.memory", config.model_dump_json(), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: the process that measures memory failed:\n{ended.stderr}")
    return json.loads(ended.stdout)


def _high_water() -> int:
    """Bytes. From /proc on Linux, where getrusage also counts the parent process."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource  # not on Windows

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _measure(config: BenchConfig, work: str, comparison: int, variant: int) -> int:
    device = device_for(config)
    with tempfile.TemporaryDirectory() as folder:
        measured = comparisons(work, config, device, Path(folder))[comparison].variants[variant]
        with kept_memory(measured.keeps_memory):
            for part in measured.build():
                for _ in range(2):  # the second run also holds gradients and momentum of the first
                    part.run()
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else _high_water()


if __name__ == "__main__":
    given, work, comparison, variant = sys.argv[1:]
    print(json.dumps(_measure(BenchConfig.model_validate_json(given), work, int(comparison), int(variant))))
