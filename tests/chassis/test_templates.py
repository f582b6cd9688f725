"""What was compiled is kept beside the templates, follows their changes, and is never needed."""

import errno
from pathlib import Path
from typing import Any

import jinja2
import pytest

from services.chassis.process.templates import FOLDER, compiled_beside


def _said(folder: Path) -> str:
    """Return what the template says in an environment of its own, as in a new process."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        optimized=False,
        bytecode_cache=compiled_beside(folder),
    )
    return environment.get_template("one.j2").render(who="<you>")


def _compiling(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    compile_it = jinja2.Environment.compile

    def noted(self: Any, source: Any, name: Any = None, *more: Any, **named: Any) -> Any:
        names.append(name)
        return compile_it(self, source, name, *more, **named)

    monkeypatch.setattr(jinja2.Environment, "compile", noted)
    return names


def test_the_second_process_compiles_nothing_until_the_template_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = _compiling(monkeypatch)
    template = tmp_path / "one.j2"
    template.write_text("Hello {{ who }}")

    assert [_said(tmp_path), _said(tmp_path)] == ["Hello &lt;you&gt;"] * 2
    assert compiled == ["one.j2"]

    template.write_text("Bye {{ who }}")
    assert _said(tmp_path) == "Bye &lt;you&gt;"
    assert compiled == ["one.j2"] * 2


def test_where_nobody_may_write_templates_are_compiled_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.j2").write_text("Hello {{ who }}")

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    assert _said(tmp_path) == "Hello &lt;you&gt;"

    (tmp_path / FOLDER).rmdir()
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert compiled_beside(tmp_path) is None
    assert _said(tmp_path) == "Hello &lt;you&gt;"
