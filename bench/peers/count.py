#!/usr/bin/env python3
"""Counts lines, dependencies and steps of the same application with each library. Prints the first table of the guide's page "Side by side";
with --check it compares the two. bench/peers/README.md describes what is counted."""
import pathlib
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = ROOT / "cookiejwt-store/docs/guide/side_by_side.md"
STEPS = (HERE / "README.md").read_text()


def section(markdown, heading):
    """The text between a heading and the next one."""
    return re.split(r"^#+ ", markdown.split(f"{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def lines(program):
    command = ["rustfmt", "--edition", "2024", "--emit", "stdout", "--config-path", ROOT / "rustfmt.toml"]
    formatted = subprocess.run(command, input=program.read_text(), check=True, capture_output=True, text=True).stdout
    code = (line.strip() for line in formatted.splitlines())
    return sum(1 for line in code if line and not line.startswith("//"))


def dependencies(manifest):
    return len(tomllib.loads(manifest)["dependencies"])


def steps(library):
    return len(re.findall(r"^\d+\. ", section(STEPS, f"### Steps: {library}"), flags=re.MULTILINE))


def of_a_peer(library):
    manifest = (HERE / library / "Cargo.toml").read_text()
    return [lines(HERE / library / "src/main.rs"), dependencies(manifest), steps(library)]


def of_ours(library):
    """The dependencies are those that the README of the crate shows."""
    readme = (ROOT / library / "README.md").read_text()
    manifest = re.search(r"```toml\n(.*?)```", readme, flags=re.DOTALL)[1]
    return [lines(ROOT / library / "docs/quickstart.rs"), dependencies(manifest), steps(library)]


def table():
    columns = {
        "axum-login, tower-sessions": of_a_peer("axum-login"),
        "cookiejwt-axum": of_ours("cookiejwt-axum"),
        "actix-identity, actix-session": of_a_peer("actix-identity"),
        "cookiejwt-actix": of_ours("cookiejwt-actix"),
    }
    rows = zip(["lines", "direct dependencies", "steps"], *columns.values())
    cells = [["", *columns], ["---"] * (len(columns) + 1), *rows]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in cells).replace("|  |", "| |")


counted = table()
if "--check" not in sys.argv:
    print(counted, end="")
elif counted not in PAGE.read_text():
    sys.exit(f"{PAGE.relative_to(ROOT)} differs from what bench/peers/count.py counts:\n{counted}")
else:
    print("side_by_side.md is up to date")
