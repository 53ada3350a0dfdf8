"""What a user installs: the wheel, in empty environments, with and without its extras."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("packaging")]


def _run(*command: str | Path, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")
    return done


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the wheel in it."""

    folder: Path

    def run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return _run(self.folder / "bin" / program, *arguments, cwd=self.folder, check=check)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ".", cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def _environment(tmp_path_factory: pytest.TempPathFactory, name: str, *requirements: str) -> Environment:
    folder = tmp_path_factory.mktemp(name) / "env"
    _run(sys.executable, "-m", "venv", folder, cwd=ROOT)
    pip = folder / "bin" / "pip"
    _run(pip, "install", "--quiet", "--constraint", ROOT / "constraints.txt", *requirements, cwd=ROOT)
    return Environment(folder)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    """The wheel alone, as a production image has it; mypy beside it for the typing test."""
    return _environment(tmp_path_factory, "bare", str(wheel), "mypy")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    return _environment(tmp_path_factory, "full", f"{wheel}[codegen,testing]", "mypy")


def test_the_wheel_carries_both_packages_typed_and_nothing_of_the_repository(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "kubewright/py.typed" in names
    assert "codegen/py.typed" in names
    assert any(name.startswith("codegen/templates/") for name in names)
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"kubewright", "codegen"}


def test_without_extras_it_imports_and_explains_itself(bare: Environment) -> None:
    assert "generate" in bare.run("kubewright", "--help").stdout
    bare.run("python", "-c", "import kubewright, codegen")


def test_without_the_codegen_extra_generate_says_what_to_install(bare: Environment) -> None:
    done = bare.run("kubewright", "generate", str(ROOT / "schemas" / "tstest.yaml"), "--output", "out", check=False)
    assert done.returncode == 2
    assert "kubewright[codegen]" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_testing_extra_serve_says_what_to_install(bare: Environment) -> None:
    done = bare.run("kubewright", "serve", check=False)
    assert done.returncode == 2
    assert "kubewright[testing]" in done.stderr
    assert "Traceback" not in done.stderr


SAMPLE = textwrap.dedent("""
    from client.clientset import Clientset
    from client.informers import SharedInformerFactory
    from client.models.stable_v1 import TsTest, TsTestSpec
    from kubewright import ObjectMeta, wait_for_cache_sync


    def main() -> None:
        with Clientset.for_url("http://127.0.0.1:1") as clientset:
            tstests = clientset.stable_v1.tstests("default")
            made: TsTest = TsTest(metadata=ObjectMeta(name="a"), spec=TsTestSpec(image="nginx", replicas=2))
            print(made.metadata.name, tstests)
            factory = SharedInformerFactory(clientset)
            name: list[TsTest] = factory.stable_v1.tstests.lister.list()
            print(name, wait_for_cache_sync)
    """)


def test_a_users_sample_type_checks_against_the_installed_wheel(full: Environment) -> None:
    full.run("kubewright", "generate", str(ROOT / "schemas" / "tstest.yaml"), "--output", "client")
    sample = full.folder / "sample.py"
    sample.write_text(SAMPLE, encoding="utf-8")
    done = full.run("mypy", "--strict", "sample.py", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sample.write_text(SAMPLE.replace("replicas=2", 'replicas="two"'), encoding="utf-8")
    assert "arg-type" in full.run("mypy", "--strict", "sample.py", check=False).stdout
