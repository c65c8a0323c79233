"""Local images under the names the compose files use, for machines that cannot pull any.

They show that the files work together; they do not show that the published images do. Grafana has
none: its dashboards are checked by asking Prometheus what they ask.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.brokers.kafka_jars import kafka_jars
from tests.compose.engine import run

FOLDER = Path(__file__).parent
DEBIAN = "rolestream-stand-in/debian:bookworm"
PACKAGES = (
    "ca-certificates,netbase,openssl,tzdata,libbz2-1.0,liblzma5,libsqlite3-0,libreadline8,"
    "libffi8,libuuid1,zlib1g,libexpat1"
)


def build_missing(env: dict[str, str], kafka: str, python: str, prometheus: str) -> list[str]:
    """Build what is neither here nor to be pulled; returns the images that are stand-ins."""
    built = []
    for image, make in ((python, _python), (kafka, _kafka), (prometheus, _prometheus)):
        if _stands_in(env, image):
            built.append(image)
        elif not _there(env, image) and run("docker", "pull", "-q", image, env=env).returncode:
            make(env, image)
            built.append(image)
    return built


def _there(env: dict[str, str], image: str) -> bool:
    return run("docker", "image", "inspect", image, env=env).returncode == 0


def _stands_in(env: dict[str, str], image: str) -> bool:
    asked = run("docker", "image", "inspect", "-f", "{{.Config.Labels}}", image, env=env)
    return "rolestream.stand-in" in asked.stdout


def _debian(env: dict[str, str]) -> None:
    if _there(env, DEBIAN):
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        debootstrap = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm"]
        subprocess.run([*debootstrap, str(root)], check=True, stdout=subprocess.DEVNULL)
        for waste in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt"):
            shutil.rmtree(root / waste, ignore_errors=True)
        # This machine's own certificates, so that its package registries are trusted in there.
        certificates = "etc/ssl/certs/ca-certificates.crt"
        shutil.copyfile(Path("/") / certificates, root / certificates)
        tar = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        setting = f"ENV SSL_CERT_FILE=/{certificates} PIP_CERT=/{certificates}"
        subprocess.run(
            ["docker", "import", "-c", setting, "-", DEBIAN],
            stdin=tar.stdout, check=True, env={**_os_env(), **env}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        tar.wait()


def _build(env: dict[str, str], image: str, name: str, context: Path) -> None:
    _debian(env)
    command = ["docker", "build", "-q", "--label", "rolestream.stand-in=1", "-t", image]
    command += ["-f", str(FOLDER / f"{name}.Dockerfile"), str(context)]
    # The classic builder finds local base images and needs no plugin.
    subprocess.run(command, check=True, env={**_os_env(), **env, "DOCKER_BUILDKIT": "0"})


def _kafka(env: dict[str, str], image: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        shutil.copytree(kafka_jars(), context / "jars")
        for script in (*FOLDER.glob("*.sh"), FOLDER / "run"):
            shutil.copy(script, context)
        _build(env, image, "kafka", context)


def _prometheus(env: dict[str, str], image: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _build(env, image, "prometheus", Path(folder))


def _python(env: dict[str, str], image: str) -> None:
    """Python 3.12 as pyenv built it on this machine, else Debian's own."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        found = sorted((Path.home() / ".pyenv" / "versions").glob("3.12.*"))
        if not found:
            _build(env, image, "debian-python", context)
            return
        unwanted = shutil.ignore_patterns("test", "__pycache__", "*.a", "share", "_sandboxing*")
        shutil.copytree(found[-1], context / "local", symlinks=True, ignore=unwanted)
        _build(env, image, "python", context)


def _os_env() -> dict[str, str]:
    import os

    return dict(os.environ)
