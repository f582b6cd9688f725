"""Every page as the W3C's checker reads it: no error anywhere."""

import json
import tempfile
from pathlib import Path

from deploy.bench.figures import Say
from deploy.quality import tools
from deploy.quality.gate import Found, Gate, none_of
from deploy.quality.showcase import Showcase


def run(showcase: Showcase, say: Say) -> list[Found]:
    """Let the checker read every page and every cart."""
    pages = [(path, showcase.http.get(path).text) for path in showcase.paths()]
    pages += showcase.carts()
    jar = tools.installed(say) / "vnu-jar" / "build" / "dist" / "vnu.jar"
    with tempfile.TemporaryDirectory() as folder:
        names: dict[str, str] = {}
        for number, (name, text) in enumerate(pages):
            file = Path(folder) / f"{number}.html"
            file.write_text(text, encoding="utf-8")
            names[file.as_uri().replace("file://", "file:")] = name
        files = sorted(str(each) for each in Path(folder).iterdir())
        command = [tools.java(say), "-jar", str(jar), "--format", "json", "--exit-zero-always"]
        # The checker writes what it found where programs write their errors.
        said = tools.run([*command, "--stdout", *files])
    messages = json.loads(said)["messages"]
    errors = [
        f"{names.get(each['url'], each['url'])}: {each['message']} {each.get('extract', '')!r}"
        for each in messages
        if each["type"] == "error"
    ]
    return [none_of("markup errors", f"{len(pages)} pages, the Nu Html Checker", errors)]


GATE = Gate("markup", "every page as the W3C's checker reads it", run)
