#!/usr/bin/env python3
"""What authentication costs: `bench/measure.py [decisions] [memo] [servers] [ratios] [scale] [logins]`, everything by default.

Builds what it needs, pins it to one core and the load generator to another, and prints medians of five rounds. Ratios are
computed within a round, so that both sides run under the same conditions. Needs two cores, Linux and wrk (Debian's package);
takes about twenty minutes, plus the build. README.md explains the tables.
"""
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target/bench"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = int(os.environ.get("SECONDS", "4"))
CONNECTIONS = 64
SERVER_CORE, CLIENT_CORE = "0", "1"
PASSWORD = "correct horse battery staple"
OTHERS = "_ga=GA1.1.1207413581.1763990000; theme=dark; {}; _ga_ABCDEF1234=GS2.1.s1763990000$o3$g1; lang=en"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36",
    "Accept": "application/json, text/plain, */*",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    "Referer": "https://app.example/",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
}
# What each framework serves, and the cookies that the plain handler gets for comparison.
VARIANTS = {
    "axum": [("cookiejwt", "tokens"), ("cookiejwt-around", "tokens"), ("by-hand", "tokens"), ("axum-login", "session")],
    "actix": [("cookiejwt", "tokens"), ("by-hand", "tokens"), ("actix-identity", "session")],
    "rocket": [("cookiejwt", "tokens"), ("by-hand", "tokens")],
}
NAMES = {
    "plain": "no authentication",
    "cookiejwt": "cookiejwt",
    "cookiejwt-around": "cookiejwt, around the router",
    "by-hand": "jsonwebtoken by hand",
    "axum-login": "axum-login, tower-sessions (memory)",
    "actix-identity": "actix-identity, actix-session (cookie)",
}


def cargo(*arguments):
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET)}
    manifest = ["--manifest-path", str(HERE / "Cargo.toml")]
    return subprocess.run(
        ["cargo", arguments[0], "--quiet", *manifest, *arguments[1:]],
        env=environment, check=True, text=True, stdout=subprocess.PIPE,
    ).stdout


def pinned(core, *command, **options):
    return subprocess.run(["taskset", "-c", core, *command], check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def median(values):
    return statistics.median(values)


class Server:
    """One variant of one framework, on its own port."""

    wrapper = ["taskset", "-c", SERVER_CORE]

    def __init__(self, framework, variant, binaries=TARGET / "release", **environment):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.variant = variant
        command = [*self.wrapper, str(binaries / framework), variant, str(self.port)]
        self.process = subprocess.Popen(command, env={**os.environ, **environment})
        deadline = time.monotonic() + 300
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"{framework} {variant} did not start")
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def login(self):
        """The pairs of the cookies that a login sets."""
        client = http.client.HTTPConnection("127.0.0.1", self.port)
        if self.variant.startswith("cookiejwt"):
            body = json.dumps({"username": "ann", "password": PASSWORD})
            client.request("POST", "/api/auth/token/", body, {"Content-Type": "application/json"})
        else:
            client.request("POST", "/login")
        answer = client.getresponse()
        answer.read()
        cookies = [value.split(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
        if answer.status >= 300 or not cookies:
            sys.exit(f"{self.variant}: login returned {answer.status}, cookies {cookies}")
        return cookies

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def load(self, cookies, seconds=SECONDS, path="/me", script=None, connections=None):
        """Requests per second, and CPU microseconds of the server for each."""
        command = ["wrk", "-t1", f"-c{connections or CONNECTIONS}", f"-d{seconds}s"]
        for name, value in {**BROWSER, "Cookie": OTHERS.format("; ".join(cookies))}.items():
            command += ["-H", f"{name}: {value}"]
        command += ["-s", script] if script else []
        before = self.cpu()
        output = pinned(CLIENT_CORE, *command, f"http://127.0.0.1:{self.port}{path}")
        spent = self.cpu() - before
        if "Non-2xx" in output or "Socket errors" in output:
            sys.exit(f"{self.variant}: {output}")
        count = int(re.search(r"(\d+) requests in", output)[1])
        return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]), spent / count * 1e6

    def allocations(self, cookies, requests=1000):
        """Allocations of one request on an open connection."""
        client = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {**BROWSER, "Cookie": OTHERS.format("; ".join(cookies))}

        def ask(path):
            client.request("GET", path, headers=headers)
            answer = client.getresponse()
            text = answer.read()
            assert answer.status == 200, (self.variant, answer.status)
            return text

        for _ in range(100):
            ask("/me")
        first, second = int(ask("/allocations")), int(ask("/allocations"))
        for _ in range(requests):
            ask("/me")
        third = int(ask("/allocations"))
        return (third - second - (second - first)) / requests


def divan(output):
    """Median in nanoseconds and number of allocations of each row of divan's table."""
    units = {"ns": 1, "µs": 1e3, "us": 1e3, "ms": 1e6}
    rows, group, row, seen_alloc = {}, None, None, False
    for line in output.splitlines():
        name = re.match(r"^(?:│|\s)*[├╰]─ (\S+)", line)
        if name:
            timed = re.findall(r"([\d.]+) (ns|µs|us|ms)", line)
            if not timed:
                group = name[1]
                continue
            row, seen_alloc = (group, name[1]), False
            value, unit = timed[2]
            rows[row] = [float(value) * units[unit], 0.0]
        elif "alloc:" in line and "dealloc:" not in line and "max alloc:" not in line:
            seen_alloc = True
        elif seen_alloc and row:
            numbers = re.findall(r"[\d.]+", line)
            rows[row][1] = float(numbers[2])
            seen_alloc = False
    return rows


def decisions():
    for backend in ("rust_crypto", "aws_lc_rs"):
        features = ["--features", "aws-lc-rs"] if backend == "aws_lc_rs" else []
        built = cargo("bench", "-p", "decision", "--bench", "decision", "--no-run", "--message-format", "json", *features)
        [binary] = [path for path in (json.loads(line).get("executable") for line in built.splitlines()) if path]
        rounds = [divan(pinned(SERVER_CORE, binary, "--bench")) for _ in range(ROUNDS)]
        print(f"\n| one decision, {backend} | ns | ÷ `decode` | allocations |\n|---|---|---|---|")
        for algorithm in ("HS256", "EdDSA", "ES256"):
            for group in ("jsonwebtoken_decode", "cold", "warm", "warm_authenticator"):
                row = (group, algorithm)
                ratio = median([figures[row][0] / figures[("jsonwebtoken_decode", algorithm)][0] for figures in rounds])
                nanoseconds = median([figures[row][0] for figures in rounds])
                allocations = rounds[0][row][1]
                print(f"| {algorithm} {group} | {nanoseconds:,.0f} | {ratio:.3f} | {allocations:g} |", flush=True)


def servers():
    counting = TARGET / "allocations"
    counting.mkdir(parents=True, exist_ok=True)
    cargo("build", "--release", "-p", "servers", "--features", "allocations")
    for framework in VARIANTS:
        shutil.copy(TARGET / "release" / framework, counting / framework)
    cargo("build", "--release", "-p", "servers")
    for framework, variants in VARIANTS.items():
        measure_framework(framework, variants, counting)


def in_turns(number, order):
    """Alternating forwards and backwards, so that none is always the last."""
    return order if number % 2 == 0 else reversed(order)


def run(server, cookies):
    """One measured run, after a short one to warm up."""
    server.load(cookies, seconds=1)
    return server.load(cookies)


def cells(runs, others):
    """Requests per second, their ratio to the others' of the same round, and CPU microseconds, as cells of a table."""
    rate, spent = (median([one[figure] for one in runs]) for figure in (0, 1))
    ratio = median([mine[0] / theirs[0] for mine, theirs in zip(runs, others)])
    return f"{rate:,.0f} | {ratio:.2f} | {spent:.1f}"


def measure_framework(framework, variants, counting):
    everything = ["plain", *[variant for variant, _ in variants]]
    started = {variant: Server(framework, variant) for variant in everything}
    try:
        runs, idle = {}, {}
        for number in range(ROUNDS):
            cookies = {variant: started[variant].login() for variant, _ in variants}
            # The others' heads have the rest of our head as well.
            cookies["by-hand"] += cookies["cookiejwt"][1:]
            session = variants[-1][0] if variants[-1][1] == "session" else None
            order = [("plain", "tokens", cookies["cookiejwt"])]
            order += [(variant, kind, cookies[variant]) for variant, kind in variants]
            order += [("plain", "session", cookies[session])] if session else []
            for variant, kind, pairs in in_turns(number, order):
                idle.setdefault(variant, started[variant].resident())
                runs.setdefault((variant, kind), []).append(run(started[variant], pairs))
        print(f"\n| {framework} | req/s | ÷ plain | CPU µs per request | allocations | MiB idle / after load |")
        print("|---|---|---|---|---|---|")
        for (variant, kind), figures in runs.items():
            with Server(framework, variant, counting) as counter:
                pairs = cookies["cookiejwt" if kind == "tokens" else session] if variant == "plain" else counter.login()
                allocations = counter.allocations(pairs)
            memory = f"{idle[variant]:.1f} / {started[variant].resident():.1f}"
            name = NAMES[variant] + (", the peer's cookie" if (variant, kind) == ("plain", "session") else "")
            print(f"| {name} | {cells(figures, runs[('plain', kind)])} | {allocations:.0f} | {memory} |", flush=True)
    finally:
        for server in started.values():
            server.__exit__()


def ratios():
    """Only cookiejwt beside no authentication, in many short rounds of random order, for a machine that is not quiet."""
    rounds, order = ROUNDS * 6, random.Random(16)
    cargo("build", "--release", "-p", "servers")
    print(f"\n| {rounds} rounds | ÷ no authentication | the middle half |\n|---|---|---|")
    for framework, variants in VARIANTS.items():
        ours = [variant for variant, _ in variants if variant.startswith("cookiejwt")]
        started = {variant: Server(framework, variant) for variant in ["plain", *ours]}
        try:
            found = {variant: [] for variant in ours}
            for number in range(rounds):
                cookies = {variant: started[variant].login() for variant in ours}
                cookies["plain"] = cookies["cookiejwt"]
                turns = order.sample([*cookies], len(cookies))
                rates = {variant: started[variant].load(cookies[variant], seconds=1)[0] for variant in turns}
                if number:  # The first one warms up.
                    for variant in ours:
                        found[variant].append(rates[variant] / rates["plain"])
            for variant, figures in found.items():
                low, middle, high = statistics.quantiles(figures, n=4)
                print(f"| {framework}, {NAMES[variant]} | {middle:.2f} | {low:.2f} to {high:.2f} |", flush=True)
        finally:
            for server in started.values():
                server.__exit__()


def scale():
    """The same request with few and many sessions in the store, and few and many recent revocations."""
    cargo("build", "--release", "-p", "servers")
    print("\n| sessions | revoked in the last 5 min | req/s | ÷ first | CPU µs per request | MiB |\n|---|---|---|---|---|---|")
    sizes = [(1, 0), (1_000_000, 0), (1, 100_000), (1_000_000, 100_000)]
    with tempfile.TemporaryDirectory() as directory:
        started = {}
        try:
            for sessions, revoked in sizes:
                path = f"{directory}/{sessions}-{revoked}.db"
                more = {"BENCH_SQLITE": path, "BENCH_SESSIONS": str(sessions), "BENCH_REVOKED": str(revoked)}
                started[(sessions, revoked)] = Server("axum", "cookiejwt", **more)
            runs = {size: [] for size in sizes}
            for number in range(ROUNDS):
                for size in in_turns(number, sizes):
                    runs[size].append(run(started[size], started[size].login()))
            for size in sizes:
                figures, memory = cells(runs[size], runs[sizes[0]]), started[size].resident()
                print(f"| {size[0]:,} | {size[1]:,} | {figures} | {memory:.0f} |", flush=True)
        finally:
            for server in started.values():
                server.__exit__()


def logins():
    """A storm of logins compared with the number of hashes that an otherwise idle core can compute."""
    cargo("build", "--release", "-p", "servers")
    print("\n| logins | per second | argon2 alone, per second | ratio | MiB |\n|---|---|---|---|---|")
    body = json.dumps({"username": "ann", "password": PASSWORD})
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = '{body}'\n")
        script.flush()
        for framework in VARIANTS:
            with Server(framework, "cookiejwt") as server:
                rounds = []
                for _ in range(ROUNDS):
                    alone = float(pinned(SERVER_CORE, str(TARGET / "release/axum"), "hashes", "0"))
                    storm, _ = server.load([], path="/api/auth/token/", script=script.name, connections=32)
                    rounds.append((storm, alone))
                storm, alone = median([one[0] for one in rounds]), median([one[1] for one in rounds])
                ratio = median([one[0] / one[1] for one in rounds])
                print(f"| {framework}, 32 at once | {storm:.1f} | {alone:.1f} | {ratio:.2f} | {server.resident():.0f} |", flush=True)


def memo():
    """Memory of a full memo of verified tokens."""
    print("\n" + cargo("run", "--release", "-p", "decision", "--example", "memo"), end="", flush=True)


PARTS = {"decisions": decisions, "memo": memo, "servers": servers, "ratios": ratios, "scale": scale, "logins": logins}

if __name__ == "__main__":
    for tool in ("wrk", "taskset"):
        shutil.which(tool) or sys.exit(f"{tool} is missing: apt-get install wrk util-linux")
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
