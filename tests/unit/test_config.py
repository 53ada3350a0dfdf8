"""Configuration: what is set is used, what is misspelt is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.config import Config, find_config, load_config, overlay
from codegen.errors import UsageError


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path / "pyproject.toml" if path.is_dir() else path


def table(tmp_path: Path, text: str) -> Config:
    return load_config(write(tmp_path / "pyproject.toml", f"[tool.kubewright]\n{text}"))


def test_every_setting_is_read(tmp_path: Path) -> None:
    config = table(
        tmp_path,
        """
        schemas = ["a.yaml", "b/"]
        output = "src/generated"
        package = "app.generated"
        include = ["*.example.com"]
        exclude = "Thing"
        versions = "all"
        docstring-length = 80
        line-length = 100
        group-names = { "cert-manager.io/v1" = "certs_v1" }
        [tool.kubewright.class-names]
        "Thing:/spec" = "Wanted"
        [tool.kubewright.type-map]
        "Thing:/spec/template" = "k.models:PodTemplateSpec"
        """,
    )
    assert config == Config(
        root=tmp_path,
        schemas=("a.yaml", "b/"),
        output="src/generated",
        package="app.generated",
        include=("*.example.com",),
        exclude=("Thing",),
        versions="all",
        docstring_length=80,
        line_length=100,
        group_names={"cert-manager.io/v1": "certs_v1"},
        class_names={"Thing:/spec": "Wanted"},
        type_map={"Thing:/spec/template": "k.models:PodTemplateSpec"},
    )
    assert config.output_path == tmp_path / "src/generated"


def test_the_output_follows_from_the_package(tmp_path: Path) -> None:
    assert table(tmp_path, "package = 'app.generated'").output_path == tmp_path / "app/generated"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = ['a']", "did you mean 'schemas'?"),
        ("doc-length = 1", "did you mean 'docstring-length'?"),
        ("zzz = 1", "there are: class-names, "),
        ("root = 'x'", "unknown setting"),
        ("schemas = [1]", "wants a list of strings"),
        ("output = ''", "wants a string"),
        ("package = 'a.class'", "no package name"),
        ("versions = 'latest'", "one of: served, all, storage"),
        ("docstring-length = true", "wants a whole number"),
        ("group-names = { a = 'A b' }", "lower-case Python name"),
        ("class-names = { a = 'class' }", "Python class name"),
        ("type-map = { a = 'os.system(1)' }", "importable type"),
        ("type-map = ['a']", "wants a table"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        table(tmp_path, text)
    assert message in str(caught.value)
    assert "pyproject.toml:[tool.kubewright]." in caught.value.source


def test_line_length_is_blacks_because_black_checks_the_output_where_it_stands(tmp_path: Path) -> None:
    file = write(tmp_path / "pyproject.toml", "[tool.black]\nline-length = 110\n[tool.kubewright]\n")
    assert load_config(file).line_length == 110


def test_the_nearest_configuration_above_is_found(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    write(tmp_path / "pyproject.toml", "[tool.kubewright]\n")
    write(tmp_path / "a/pyproject.toml", "[tool.other]\n")
    assert find_config(tmp_path / "a/b") == tmp_path / "pyproject.toml"


def test_broken_toml_is_refused_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not valid TOML"):
        load_config(write(tmp_path / "pyproject.toml", "[tool"))


def test_a_named_file_without_the_table_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \[tool.kubewright\] table"):
        load_config(write(tmp_path / "pyproject.toml", ""))


def test_flags_that_were_not_given_leave_settings_alone() -> None:
    config = Config(root=Path(), schemas=("a",), output="b")
    assert overlay(config, schemas=None, output="c") == Config(root=Path(), schemas=("a",), output="c")


@pytest.mark.parametrize(
    ("include", "exclude", "selected"),
    [
        ((), (), True),
        (("certs.example.com",), (), True),
        (("Cert",), (), True),
        (("example.com",), (), True),
        (("*.example.com",), (), True),
        (("other*",), (), False),
        ((), ("Cert",), False),
        (("*",), ("example.com",), False),
    ],
)
def test_include_and_exclude(include: tuple[str, ...], exclude: tuple[str, ...], selected: bool) -> None:
    config = Config(root=Path(), include=include, exclude=exclude)
    assert config.selects(plural="certs", group="example.com", kind="Cert") is selected
