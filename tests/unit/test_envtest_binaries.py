"""Finding the real server's binaries: who wins, and what is said when there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubewright.testing.envtest import (
    ETCD_VERSION,
    KUBERNETES_VERSION,
    BinariesMissing,
    build_binaries,
    find_binaries,
)
from kubewright.testing.envtest.binaries import cache_folder

MODULES = Path(__file__).parents[2] / "envtest"


def programs(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def test_assets_folder_wins_over_cache_and_path(tmp_path: Path) -> None:
    environ = {
        "KUBEBUILDER_ASSETS": str(tmp_path / "assets"),
        "XDG_CACHE_HOME": str(tmp_path),
        "PATH": str(tmp_path / "bin"),
    }
    assets = programs(tmp_path / "assets", "etcd", "kube-apiserver", "kubectl")
    programs(cache_folder(environ), "etcd", "kube-apiserver")
    programs(tmp_path / "bin", "etcd", "kube-apiserver")
    found = find_binaries(environ)
    assert (found.etcd, found.origin) == (assets / "etcd", "KUBEBUILDER_ASSETS")


def test_cache_wins_over_path(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}
    programs(cache_folder(environ), "etcd", "kube-apiserver")
    programs(tmp_path / "bin", "etcd", "kube-apiserver", "kubectl")
    found = find_binaries(environ)
    assert (found.origin, found.kubectl) == ("cache", None)


def test_path_is_the_last_resort(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path), "PATH": str(programs(tmp_path / "bin", "etcd", "kube-apiserver"))}
    assert find_binaries(environ).origin == "PATH"


def test_an_incomplete_assets_folder_is_an_error_and_no_reason_to_look_elsewhere(tmp_path: Path) -> None:
    environ = {"KUBEBUILDER_ASSETS": str(programs(tmp_path / "assets", "etcd")), "XDG_CACHE_HOME": str(tmp_path)}
    programs(cache_folder(environ), "etcd", "kube-apiserver")
    with pytest.raises(BinariesMissing, match="KUBEBUILDER_ASSETS is .*not both there"):
        find_binaries(environ)


def test_what_is_not_executable_does_not_count(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path), "PATH": ""}
    folder = programs(cache_folder(environ), "etcd", "kube-apiserver")
    (folder / "etcd").chmod(0o644)
    with pytest.raises(BinariesMissing):
        find_binaries(environ)


def test_missing_binaries_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BinariesMissing, match="make envtest"):
        find_binaries({"XDG_CACHE_HOME": str(tmp_path), "PATH": ""})


def test_building_without_go_says_that_go_is_needed(tmp_path: Path) -> None:
    with pytest.raises(BinariesMissing, match="needs Go"):
        build_binaries(environ={"XDG_CACHE_HOME": str(tmp_path), "PATH": ""})


def test_building_is_nothing_when_nothing_is_missing(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path), "PATH": ""}
    programs(cache_folder(environ), "etcd", "kube-apiserver", "kubectl")
    assert build_binaries(environ=environ).origin == "cache"


def test_a_failed_build_shows_what_go_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    go = programs(tmp_path / "bin", "go") / "go"
    go.write_text("#!/bin/sh\necho no such module; exit 3\n")
    environ = {"XDG_CACHE_HOME": str(tmp_path), "PATH": str(go.parent)}
    with pytest.raises(BinariesMissing, match=r"(?s)exit code 3.*no such module"):
        build_binaries(environ=environ)
    assert [path.name for path in cache_folder(environ).iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("module", "requirement"),
    [
        ("kubernetes", f"k8s.io/kubernetes v{KUBERNETES_VERSION}"),
        ("kubernetes", f"k8s.io/api => k8s.io/api v0.{KUBERNETES_VERSION.partition('.')[2]}"),
        ("etcd", f"go.etcd.io/etcd/server/v3 v{ETCD_VERSION}"),
    ],
)
def test_the_wrapper_modules_pin_the_versions_that_the_cache_is_named_after(module: str, requirement: str) -> None:
    assert requirement in (MODULES / module / "go.mod").read_text()
