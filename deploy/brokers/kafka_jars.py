"""Apache Kafka's published jars: resolved with Maven once, kept in a cache directory."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from pipeline.errors import ConfigurationError, RetryableError

KAFKA_VERSION = "4.4.0"
JAVA_VERSION_NEEDED = 17
MAVEN_TIMEOUT_S = 900.0
_POM = Path(__file__).with_name("pom.xml")


def java_program() -> Path:
    """Return the java program of JAVA_HOME or PATH.

    Raises ConfigurationError when there is none, or it is older than Java 17.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if found is None:
        raise ConfigurationError(
            f"no java program in {'JAVA_HOME' if home else 'PATH'}: "
            f"Apache Kafka needs Java {JAVA_VERSION_NEEDED} or newer"
        )
    answer = subprocess.run(  # noqa: S603 - the user's own java
        [found, "-version"], capture_output=True, text=True, check=False
    )
    major = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    if major is None or int(major.group(1)) < JAVA_VERSION_NEEDED:
        raise ConfigurationError(
            f"{found} is too old: Apache Kafka {KAFKA_VERSION} needs Java "
            f"{JAVA_VERSION_NEEDED} or newer"
        )
    return Path(found)


def default_cache_dir(version: str = KAFKA_VERSION) -> Path:
    """Return where the jars of a Kafka version are kept for this user."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "rolestream" / f"kafka-{version}"


def kafka_jars(version: str = KAFKA_VERSION, cache_dir: Path | None = None) -> Path:
    """Return the directory that holds the jars of a Kafka server, downloading them at first use.

    `cache_dir` defaults to ~/.cache/rolestream/kafka-<version>. Raises ConfigurationError when
    Maven is missing, RetryableError when it fails.
    """
    target = cache_dir or default_cache_dir(version)
    if any(target.glob(f"kafka_2.13-{version}.jar")):
        return target
    maven = shutil.which("mvn")
    if maven is None:
        raise ConfigurationError(
            "no mvn program in PATH: Maven is needed once, to fetch Apache Kafka's jars"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    # Moved into place only when complete, so that a broken download is never taken for a cache.
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        jars = Path(scratch) / "jars"
        _copy_dependencies(maven, version, jars)
        if target.exists():
            shutil.rmtree(target)
        try:
            jars.rename(target)
        except OSError as error:
            # Another process may have finished the same download first.
            if not any(target.glob(f"kafka_2.13-{version}.jar")):
                raise RetryableError(f"cannot move Kafka's jars to {target}: {error}") from error
    return target


def _copy_dependencies(maven: str, version: str, jars: Path) -> None:
    command = [
        maven,
        "--batch-mode",
        "--quiet",
        f"--file={_POM}",
        f"-Dkafka.version={version}",
        f"-DoutputDirectory={jars}",
        "-DincludeScope=runtime",
        "dependency:copy-dependencies",
    ]
    try:
        result = subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, text=True, check=False, timeout=MAVEN_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise RetryableError(
            f"Maven did not fetch Apache Kafka {version} in {MAVEN_TIMEOUT_S:g} s"
        ) from error
    if result.returncode != 0 or not any(jars.glob("kafka_2.13-*.jar")):
        lines = (result.stdout + result.stderr).strip().splitlines()
        reason = next((line for line in lines if "ERROR" in line), "no jar was written")
        raise RetryableError(f"Maven could not fetch Apache Kafka {version}: {reason}")
