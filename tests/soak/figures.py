"""What a soak measures of a worker and its broker, and whether it stays within bounds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import linear_regression, mean
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

MIB = 1024 * 1024
MOST_MIB_AN_HOUR = 40.0
MOST_NEW_FILES = 16
MOST_GROWTH = 1.5
SLACK_BYTES = 256 * 1024
STATES = ("answers", "splitter-state", "subjects-state", "records-state")


@dataclass(frozen=True)
class Sample:
    """One look: seconds since the start, bytes in memory, open files, keys and bytes by topic."""

    at_s: float
    memory: int
    files: int
    keys: dict[str, int]
    on_disk: dict[str, int]


@dataclass(frozen=True)
class Figures:
    """The second half of a soak against its middle, and what is out of bounds."""

    minutes: float
    samples: int
    memory_mib: tuple[float, float]
    memory_mib_an_hour: float
    files: tuple[int, int]
    keys: dict[str, tuple[int, int]]
    on_disk_kib: dict[str, tuple[int, int]]
    faults: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def look(at_s: float, pid: int, metrics: str, broker_data: Path, prefix: str) -> Sample:
    """Sample a worker process by its /proc entry and its metrics, and the broker's log files."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    keys = {}
    with urlopen(metrics) as reply:
        for family in text_string_to_metric_families(reply.read().decode()):
            if family.name == "rolestream_state_keys":
                keys = {s.labels["kafka_topic"]: int(s.value) for s in family.samples}
    on_disk = {
        name: sum(
            file.stat().st_size
            for folder in broker_data.glob(f"{prefix}{name}-[0-9]*")
            for file in folder.glob("*.log")
            if file.exists()
        )
        for name in STATES
    }
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(at_s, int(resident.split()[1]) * 1024, files, keys, on_disk)


def figures(samples: Sequence[Sample]) -> Figures:
    """Judge: the first third is left out, the last third must not be above the middle one."""
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[2 * third :]
    settled = samples[third:]
    slope, _ = linear_regression(
        [sample.at_s for sample in settled], [sample.memory for sample in settled]
    )
    keys = {
        name: (_most(middle, name), _most(last, name))
        for name in sorted({name for sample in settled for name in sample.keys})
    }
    on_disk = {
        name: (max(s.on_disk[name] for s in middle), max(s.on_disk[name] for s in last))
        for name in STATES
    }
    found = Figures(
        minutes=round(samples[-1].at_s / 60, 1),
        samples=len(samples),
        memory_mib=(_mib(middle), _mib(last)),
        memory_mib_an_hour=round(slope * 3600 / MIB, 1),
        files=(max(s.files for s in middle), max(s.files for s in last)),
        keys=keys,
        on_disk_kib={name: (a // 1024, b // 1024) for name, (a, b) in on_disk.items()},
        faults=(),
    )
    faults = []
    if found.memory_mib_an_hour > MOST_MIB_AN_HOUR:
        faults.append(f"memory grows by {found.memory_mib_an_hour} MiB an hour")
    if found.files[1] - found.files[0] > MOST_NEW_FILES:
        faults.append(f"open files grow from {found.files[0]} to {found.files[1]}")
    for name, (before, after) in keys.items():
        if after > MOST_GROWTH * before + 10:
            faults.append(f"keys of {name} grow from {before} to {after}")
    for name, (before, after) in on_disk.items():
        if after > MOST_GROWTH * before + SLACK_BYTES:
            faults.append(f"{name} grows from {before} to {after} bytes on disk")
    return Figures(**{**found.__dict__, "faults": tuple(faults)})


def _most(samples: Sequence[Sample], name: str) -> int:
    return max(sample.keys.get(name, 0) for sample in samples)


def _mib(samples: Sequence[Sample]) -> float:
    return round(mean(sample.memory for sample in samples) / MIB, 1)
