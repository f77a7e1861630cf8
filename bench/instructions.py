#!/usr/bin/env python3
"""How many instructions authentication costs: `bench/instructions.py [axum] [actix] [rocket]`, all of them by default.

Runs each server under callgrind, logs in, sends requests on one connection until everything is warm, and counts the
instructions of the next thousand. The same requests are counted for the server without authentication; the difference is
what the library costs. Counts repeat to within about one percent on a busy machine. Needs valgrind (Debian's package).
`REQUESTS` (1000) sets how many requests are counted, `FUNCTIONS` (20) how many functions are listed.
"""
import http.client
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from measure import BROWSER, OTHERS, VARIANTS, Server, cargo

REQUESTS = int(os.environ.get("REQUESTS", "1000"))
FUNCTIONS = int(os.environ.get("FUNCTIONS", "20"))


class Counted(Server):
    """One variant of one framework, under callgrind."""

    def __init__(self, framework, variant, directory):
        self.profile = pathlib.Path(directory) / f"{framework}-{variant}"
        self.wrapper = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--collect-jumps=no"]
        self.wrapper += [f"--callgrind-out-file={self.profile}"]
        super().__init__(framework, variant)

    def control(self, *arguments):
        command = ["callgrind_control", *arguments, str(self.process.pid)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def count(self, cookies):
        """Instructions of one request, and of each function."""
        client = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {**BROWSER, "Cookie": OTHERS.format("; ".join(cookies))}

        def ask(requests):
            for _ in range(requests):
                client.request("GET", "/me", headers=headers)
                answer = client.getresponse()
                answer.read()
                assert answer.status == 200, (self.variant, answer.status)

        ask(200)
        self.control("-i", "on")
        ask(20)
        self.control("-z")
        ask(REQUESTS)
        self.control("-d")
        self.control("-i", "off")
        return functions(next(self.profile.parent.glob(f"{self.profile.name}.*[0-9]")))


def functions(profile):
    """Instructions per request of each function, by itself, from a profile of callgrind."""
    command = ["callgrind_annotate", "--threshold=100", "--auto=no", str(profile)]
    output = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    found = {}
    for count, name in re.findall(r"^\s*([\d,]+) \([ \d.]+%\)\s+(?:\S+?:)?(.+?)(?: \[.*\])?$", output, re.M):
        if not name.startswith("PROGRAM TOTALS"):
            found[name] = found.get(name, 0) + int(count.replace(",", "")) / REQUESTS
    return found


def compare(framework, directory):
    counts, cookies = {}, None
    ours = [variant for variant, _ in VARIANTS[framework] if variant.startswith("cookiejwt")]
    for variant in [*ours, "plain"]:
        with Counted(framework, variant, directory) as server:
            cookies = cookies if variant == "plain" else server.login()
            counts[variant] = server.count(cookies)
    plain = counts.pop("plain")
    print(f"\n| {framework} | instructions per request | beside no authentication |\n|---|---|---|")
    print(f"| no authentication | {sum(plain.values()):,.0f} | |")
    for variant, found in counts.items():
        print(f"| {variant} | {sum(found.values()):,.0f} | {sum(found.values()) - sum(plain.values()):,.0f} |")
    more = {name: count - plain.get(name, 0) for name, count in counts[ours[0]].items()}
    print(f"\n| {framework}: more in | instructions |\n|---|---|")
    for name, count in sorted(more.items(), key=lambda one: -one[1])[:FUNCTIONS]:
        print(f"| `{name[:110]}` | {count:,.0f} |", flush=True)


if __name__ == "__main__":
    shutil.which("valgrind") or sys.exit("valgrind is missing: apt-get install valgrind")
    cargo("build", "--release", "-p", "servers")
    with tempfile.TemporaryDirectory() as directory:
        for framework in sys.argv[1:] or VARIANTS:
            compare(framework, directory)
