"""Which wheel of uv is taken, and how it gets into place."""

import io
import zipfile
from pathlib import Path

import pytest

from deploy.local import tools
from deploy.local.package_index import IndexFault, Link
from deploy.local.tools import Machine, choose, unpack

PLATFORMS = (
    "linux_armv6l",
    "macosx_10_12_x86_64",
    "macosx_11_0_arm64",
    "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    "manylinux_2_17_i686.manylinux2014_i686",
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_1_x86_64",
    "win_amd64",
)


def _offer(version: str, *platforms: str) -> list[Link]:
    return [
        Link(f"uv-{version}-py3-none-{platform}.whl", f"https://x/{version}/{platform}", "0" * 64)
        for platform in platforms or PLATFORMS
    ]


PINNED = ".".join(map(str, tools.UV_VERSION))


@pytest.mark.parametrize(
    ("machine", "platform"),
    [
        pytest.param(Machine("linux", "x86_64", "glibc", (2, 36)), PLATFORMS[5], id="debian 12"),
        pytest.param(Machine("linux", "aarch64", "glibc", (2, 17)), PLATFORMS[3], id="old arm"),
        pytest.param(Machine("linux", "x86_64", "musl", (1, 2)), PLATFORMS[7], id="alpine"),
        pytest.param(Machine("linux", "aarch64", "musl", (1, 2)), PLATFORMS[3], id="alpine arm"),
        pytest.param(Machine("darwin", "arm64", "", (14, 5)), PLATFORMS[2], id="apple silicon"),
        pytest.param(Machine("darwin", "x86_64", "", (10, 15)), PLATFORMS[1], id="intel mac"),
    ],
)
def test_the_wheel_fits_the_machine(machine: Machine, platform: str) -> None:
    assert choose(_offer(PINNED), machine).url.endswith(f"/{platform}")


DEBIAN = Machine("linux", "x86_64", "glibc", (2, 36))


def test_the_pinned_version_is_taken_even_beside_newer_ones() -> None:
    found = choose([*_offer("99.0.0"), *_offer(PINNED), *_offer("0.9.1")], DEBIAN)

    assert found.filename.startswith(f"uv-{PINNED}-")


def test_without_the_pinned_version_the_newest_that_fits_is_taken() -> None:
    withdrawn = [
        Link("uv-0.99.0-py3-none-manylinux_2_17_x86_64.whl", "https://x", "0" * 64, is_yanked=True)
    ]
    offered = [*_offer("0.9.9"), *_offer("0.13.10"), *_offer("0.20.0", "win_amd64"), *withdrawn]

    assert choose(offered, DEBIAN).filename.startswith("uv-0.13.10-")


@pytest.mark.parametrize(
    ("offered", "machine"),
    [
        pytest.param(_offer("0.4.0"), DEBIAN, id="only too old ones"),
        pytest.param(_offer(PINNED), Machine("linux", "riscv64", "glibc", (2, 39)), id="no build"),
        pytest.param(_offer(PINNED, "manylinux_2_39_x86_64"), DEBIAN, id="needs a newer C library"),
        pytest.param([], DEBIAN, id="empty page"),
    ],
)
def test_an_index_that_has_none_for_us_is_a_fault(offered: list[Link], machine: Machine) -> None:
    with pytest.raises(IndexFault, match="no uv for"):
        choose(offered, machine)


def test_this_machine_is_recognised() -> None:
    assert Machine.this().architecture in ("x86_64", "aarch64", "arm64")


def test_the_program_is_taken_out_of_the_wheel(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("uv-0.13.8.data/scripts/uv", "#!/bin/sh\necho uv 0.13.8\n")
        archive.writestr("../../escape", "never unpacked")

    program = unpack(content.getvalue(), tmp_path / "tools")

    assert program.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in tmp_path.rglob("*")] == ["tools", "uv"]


def test_a_wheel_without_the_program_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("uv/__init__.py", "")

    with pytest.raises(IndexFault, match="no program"):
        unpack(content.getvalue(), tmp_path)
