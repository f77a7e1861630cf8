"""What the scripts of this folder share: processes, ports, an example application, certificates."""
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

USER, PASSWORD = "demo", "correct horse battery"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def run(*command, **options):
    """The output of a command that has to succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{command[0]}: {(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def process(command, log, port, seconds=30, **options):
    """A server, from when it listens on its port."""
    with open(log, "a") as out:
        running = subprocess.Popen([str(part) for part in command], stdout=out, stderr=out, **options)
    try:
        wait_for(port, running, log, seconds)
        yield running
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()


def wait_for(port, running, log, seconds):
    for _ in range(seconds * 20):
        if running.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    sys.exit(f"nothing listens on {port}:\n{pathlib.Path(log).read_text()[-3000:]}")


@contextlib.contextmanager
def application(binary, **settings):
    """An example in a folder of its own: its port, and the file of its log."""
    with tempfile.TemporaryDirectory() as folder:
        port, log = free_port(), pathlib.Path(folder) / "log"
        known = {"PORT": str(port), "DEMO_USER": USER, "DEMO_PASSWORD": PASSWORD, "NO_COLOR": "1"}
        with process([os.path.abspath(binary)], log, port, cwd=folder, env={**os.environ, **known, **settings}):
            yield port, log


def certificates(work, host):
    """`ca.pem`, and `leaf.pem` with `leaf.key` for a host, in this folder."""
    key = lambda name: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", work / f"{name}.key"]
    run("openssl", "req", "-x509", *key("ca"), "-out", work / "ca.pem", "-days", "2", "-subj", "/CN=interop")
    run("openssl", "req", "-new", *key("leaf"), "-out", work / "leaf.csr", "-subj", f"/CN={host}")
    (work / "san").write_text(f"subjectAltName=DNS:{host}\nbasicConstraints=CA:FALSE\n")
    run("openssl", "x509", "-req", "-in", work / "leaf.csr", "-CA", work / "ca.pem", "-CAkey", work / "ca.key",
        "-CAcreateserial", "-out", work / "leaf.pem", "-days", "2", "-extfile", work / "san")


class Checks:
    """Compares, and remembers what was wrong."""

    def __init__(self):
        self.passed, self.faults = 0, []

    def __call__(self, rule, found, expected):
        if found == expected:
            self.passed += 1
        else:
            self.faults.append(f"{rule}: {found!r} instead of {expected!r}")

    def finish(self):
        print("\n".join([*self.faults, f"{self.passed} checks, {len(self.faults)} failed"]))
        sys.exit(bool(self.faults))
