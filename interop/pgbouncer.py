#!/usr/bin/env python3
"""Runs the conformance tests of the PostgreSQL store through PgBouncer, in each mode.

    POSTGRES_URL=postgres://postgres@127.0.0.1:5432/postgres interop/pgbouncer.py target/debug/deps/databases-…

The argument is the built test `databases` of cookiejwt-store. By hand: what fails is the point, too.
Not as root, which PgBouncer refuses: the script then runs it as `postgres`.
"""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

TESTS = "PostgreSQL, READ COMMITTED: "
# These make roles of their own, whom PgBouncer would have to know, or look at isolation levels.
LEFT_OUT = ["a role without", "else the error names", "a grant that is missing", "read-only"]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def pgbouncer(mode, server):
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "users").write_text(f'"{server.username}" "{server.password or ""}"\n')
        (work / "ini").write_text(f"""
[databases]
* = host={server.hostname} port={server.port or 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {work}/users
pool_mode = {mode}
default_pool_size = 20
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
""")
        command = [shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin"), work / "ini"]
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "postgres", work], check=True)
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        with open(work / "log", "w") as log:
            running = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            else:
                sys.exit((work / "log").read_text())
            yield port
        finally:
            running.terminate()
            running.wait(10)


def main():
    test = os.path.abspath(sys.argv[1])
    server = urllib.parse.urlsplit(os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"))
    version = subprocess.run(["pgbouncer", "--version"], capture_output=True, text=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    print(version.stdout.splitlines()[0])
    for mode in ["session", "transaction"]:
        for options in ["", "?statement-cache-capacity=0"]:
            with pgbouncer(mode, server) as port:
                url = f"postgres://{server.username}@127.0.0.1:{port}{server.path}{options}"
                skips = [word for left_out in LEFT_OUT for word in ("--skip", left_out)]
                done = subprocess.run([test, TESTS, *skips], capture_output=True, text=True, timeout=900,
                                      env={**os.environ, "POSTGRES_URL": url, "REQUIRE_ALL_TESTS": "1"})
            result = re.findall(r"^test result: .*", done.stdout, re.M)
            reasons = set(re.findall(r"error returned from database: [^\n\"]{0,90}", done.stdout + done.stderr))
            reasons = {re.sub(r"\d+", "…", reason) for reason in reasons}
            print(f"{mode} mode, {options or 'no option'}: {result[-1] if result else done.stderr[-300:]}")
            for reason in sorted(reasons)[:4]:
                print(f"    {reason}")


main()
