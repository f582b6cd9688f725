"""The image: what the linter says, what is in it, and that a service runs from just that."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.layout import SERVICES
from tests.deploy.conftest import ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def stages() -> dict[str, list[str]]:
    """Return the instructions of each stage, continued lines joined, by its name."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("FROM "):
            name = line.rpartition(" AS ")[2]
            found[name] = [line]
        elif line and not line.startswith("#") and name:
            found[name].append(line)
    return found


def copied(stage: str) -> list[tuple[str, str]]:
    """Return what a stage copies from the build context: source and target."""
    pairs = []
    for line in stages()[stage]:
        if line.startswith("COPY ") and "--from" not in line:
            *sources, target = line.split()[1:]
            pairs += [(source, target) for source in sources]
    return pairs


def fill(root: Path, *names: str) -> None:
    """Copy into `root` what the named stages copy into /app."""
    for name in names:
        for source, target in copied(name):
            wanted = root / target / Path(source).name if target.endswith("/") else root / target
            wanted.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, wanted)
            else:
                shutil.copy(ROOT / source, wanted)


def run(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run our interpreter as the image would: from its folder, with nothing else on the path."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_linter_has_nothing_to_say() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("no hadolint for this machine")

    done = subprocess.run(
        [program, DOCKERFILE], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_every_image_it_starts_from_names_a_version() -> None:
    named = re.findall(r"^ARG \w+_IMAGE=(\S+)$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)

    assert len(named) == 2
    assert all(re.search(r":\d+\.\d+", image) for image in named), named


def test_what_is_not_copied_is_not_even_sent_to_the_builder() -> None:
    sent = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    used = {source for name in ("build", "sandbox") for source, _ in copied(name)}

    assert sent == used | {"pyproject.toml", "uv.lock"}


def test_the_image_of_production_has_no_sandbox_no_tests_and_no_tools() -> None:
    found = stages()
    chain = [found["production"][0], found["runtime"][0]]

    assert list(found)[-1] == "production"
    assert chain[0] == "FROM runtime AS production"
    assert {source for source, _ in copied("build")} == {"contracts", "services"}
    assert not copied("runtime") + copied("production")
    assert not any("uv" in line for line in found["runtime"] + found["production"])
    assert not any("apt-get" in line for lines in found.values() for line in lines)


def test_it_runs_as_nobody_in_particular_and_ends_when_asked() -> None:
    found = stages()

    for name in ("runtime", "sandbox"):
        users = [line.split()[1] for line in found[name] if line.startswith("USER ")]
        assert users[-1] == "10001:10001", name
    assert not any(line.startswith("USER ") for line in found["production"])
    assert "STOPSIGNAL SIGTERM" in found["runtime"]
    assert any(line.startswith("HEALTHCHECK ") for line in found["runtime"])


def test_packages_are_the_locked_ones() -> None:
    (sync,) = [line for line in stages()["build"] if "uv sync" in line]

    assert "--locked" in sync
    assert "--no-default-groups" in sync
    assert "--no-install-project" in sync


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_from_what_is_in_the_image(service: str, tmp_path: Path) -> None:
    fill(tmp_path, "build")

    done = run(tmp_path, "-m", f"services.{service}", "web")

    assert done.returncode == 1
    assert f"{service} cannot start: DATABASE_URL is missing" in done.stderr


def test_the_sandbox_runs_from_what_is_in_its_image(tmp_path: Path) -> None:
    fill(tmp_path, "build", "sandbox")
    content = tmp_path / "content"
    content.mkdir()

    assert run(tmp_path, "-c", "import deploy.sandbox.__main__").returncode == 0
    grant = run(tmp_path, "-m", "deploy.sandbox.clock_grant")
    assert grant.stderr == "missing: MIGRATION_DATABASE_URL, SANDBOX_DATABASE_URL\n"
    first = run(tmp_path, "-m", "deploy.compose.samples", str(content))
    assert (first.returncode, first.stderr) == (0, "")
    made = sorted(path.name for path in content.glob("*.md"))
    assert "one-roll.md" in made
    assert "{{" not in (content / "one-roll.md").read_text(encoding="utf-8").partition("\n---")[0]
    second = run(tmp_path, "-m", "deploy.compose.samples", str(content))
    assert "stays as it is" in second.stdout
