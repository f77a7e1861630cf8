#!/usr/bin/env python3
"""Writes the table of HTTP clients into cookiejwt-store/docs/guide/testing.md.

    interop/clients.py target/debug/example-axum [--write]

Each client logs in with its own cookie jar, asks who it is, refreshes, asks again, logs out and asks
once more: over http on localhost and 127.0.0.1, over https, and over http without `Secure` cookies.
Downloads the clients of Python, Node and Rust; needs curl, wget, node, java, openssl and nginx. By
hand, since it takes minutes.
"""
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent / "clients"
PAGE = HERE.parent.parent / "cookiejwt-store" / "docs" / "guide" / "testing.md"
BEGIN, END = "<!-- clients.py writes from here -->", "<!-- to here -->"
LOGIN = json.dumps({"username": "demo", "password": "correct horse battery", "remember": True})
STEPS = [
    ("POST", "/api/auth/token/", LOGIN), ("GET", "/api/me", None), ("POST", "/api/auth/token/refresh/", None),
    ("GET", "/api/me", None), ("POST", "/api/auth/logout/", None), ("GET", "/api/me", None),
]
WORKS, LOST = [200, 200, 200, 200, 200, 401], [200, 401, 401, 401, 200, 401]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout


def statuses(text):
    return json.loads(text.strip().splitlines()[-1])


def by_curl(base, ca, work):
    found = []
    for method, path, body in STEPS:
        sent = ["-H", "Content-Type: application/json", "-d", body] if body else []
        jar = work / "curl.jar"
        found.append(int(run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", ca, "-b", jar, "-c", jar,
                             "-X", method, *sent, base + path)))
    return found


def by_wget(base, ca, work):
    found, jar = [], work / "wget.jar"
    for method, path, body in STEPS:
        sent = ["--header=Content-Type: application/json", f"--body-data={body}"] if body else []
        kept = [f"--load-cookies={jar}"] if jar.exists() else []
        done = subprocess.run(["wget", "-q", "-S", "-O", "/dev/null", f"--ca-certificate={ca}", f"--method={method}", *sent, *kept,
                               f"--save-cookies={jar}", "--keep-session-cookies", base + path], capture_output=True, text=True)
        found.append(int(re.search(r"HTTP/1.1 (\d+)", done.stderr)[1]))
    return found


def by_httpie(base, ca, work):
    found = []
    for method, path, body in STEPS:
        head = run(work / "venv/bin/http", "--ignore-stdin", "--headers", f"--session={work}/httpie.json", f"--verify={ca}",
                   *(["--raw", body] if body else []), method, base + path)
        found.append(int(re.search(r"HTTP/1.1 (\d+)", head)[1]))
    return found


def by_python(name):
    return lambda base, ca, work: statuses(run(work / "venv/bin/python", HERE / "steps.py", name, base, ca))


def by_node(name):
    environment = lambda ca: {**os.environ, "NODE_EXTRA_CA_CERTS": str(ca)}
    return lambda base, ca, work: statuses(run("node", work / "node/steps.mjs", name, base, env=environment(ca)))


def by_rust(name):
    return lambda base, ca, work: statuses(run(work / "target/debug/clients", name, base, ca))


def by_java(base, ca, work):
    store = work / "trust.jks"
    if not store.exists():
        run("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", ca, "-keystore", store, "-storepass", "secret")
    trust = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=secret"]
    return statuses(run("java", *trust, HERE / "Steps.java", base))


def first(pattern, text):
    return re.search(pattern, text)[1]


def pip_version(name):
    return lambda work: first(r"Version: (\S+)", run(work / "venv/bin/pip", "show", name))


def npm_version(*names):
    def version(work):
        of = lambda name: json.loads((work / f"node/node_modules/{name}/package.json").read_text())["version"]
        return ", ".join(f"{name} {of(name)}" for name in names)
    return version


def lock_version(name):
    return lambda _: first(rf'name = "{name}"\nversion = "([^"]+)"', (HERE / "Cargo.lock").read_text())


CLIENTS = {
    "curl": (by_curl, lambda _: first(r"curl (\S+)", run("curl", "--version"))),
    "wget": (by_wget, lambda _: first(r"Wget (\S+)", run("wget", "--version"))),
    "HTTPie": (by_httpie, pip_version("httpie")),
    "Python requests": (by_python("requests"), pip_version("requests")),
    "Python httpx": (by_python("httpx"), pip_version("httpx")),
    "Python aiohttp": (by_python("aiohttp"), pip_version("aiohttp")),
    "Node `fetch`": (by_node("fetch"), npm_version("fetch-cookie", "tough-cookie")),
    "Node axios": (by_node("axios"), npm_version("axios", "axios-cookiejar-support")),
    "Java `HttpClient`": (by_java, lambda _: first(r'version "([^"]+)"', subprocess.run(["java", "-version"], capture_output=True, text=True).stderr)),
    "Rust reqwest": (by_rust("reqwest"), lock_version("reqwest")),
    "Rust ureq": (by_rust("ureq"), lock_version("ureq")),
}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def process(command, port, work, **settings):
    with open(work / "log", "a") as log:
        running = subprocess.Popen(command, cwd=work, stdout=log, stderr=log, env={**os.environ, **settings})
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            raise RuntimeError((work / "log").read_text())
        yield
    finally:
        running.terminate()
        running.wait(10)


def application(binary, work, name, **settings):
    port, home = free_port(), work / name
    home.mkdir()
    user, password = json.loads(LOGIN)["username"], json.loads(LOGIN)["password"]
    settings = {"PORT": str(port), "DEMO_USER": user, "DEMO_PASSWORD": password, **settings}
    return port, process([binary], port, home, **settings)


def certificates(work):
    key = lambda name: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", work / f"{name}.key"]
    run("openssl", "req", "-x509", *key("ca"), "-out", work / "ca.pem", "-days", "2", "-subj", "/CN=clients.py")
    run("openssl", "req", "-new", *key("leaf"), "-out", work / "leaf.csr", "-subj", "/CN=localhost")
    (work / "san").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
    run("openssl", "x509", "-req", "-in", work / "leaf.csr", "-CA", work / "ca.pem", "-CAkey", work / "ca.key", "-CAcreateserial",
        "-out", work / "leaf.pem", "-days", "2", "-extfile", work / "san")


def tls(app, work):
    """nginx with a certificate for localhost."""
    port = free_port()
    plain = (HERE.parent / "nginx" / "plain.conf").read_text()
    plain = plain.replace("127.0.0.1:3000", f"127.0.0.1:{app}")
    plain = plain.replace("listen 127.0.0.1:8080;", f"listen 127.0.0.1:{port} ssl; ssl_certificate {work}/leaf.pem; ssl_certificate_key {work}/leaf.key;")
    user = "user root;" if os.getuid() == 0 else ""
    paths = "".join(f"{name}_temp_path {work}/{name};" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    (work / "nginx.conf").write_text(
        f"daemon off; pid {work}/pid; error_log stderr; {user} events {{}} http {{ access_log off; {paths} {plain} }}")
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    return port, process([nginx, "-e", "stderr", "-c", work / "nginx.conf"], port, work)


def install(work):
    run(sys.executable, "-m", "venv", work / "venv")
    run(work / "venv/bin/pip", "install", "-q", "-r", HERE / "requirements.txt")
    shutil.copytree(HERE, work / "node", ignore=shutil.ignore_patterns("node_modules", "target"))
    run("npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=work / "node")
    run("cargo", "build", "-q", "--locked", "--manifest-path", HERE / "Cargo.toml", "--target-dir", work / "target")


def verdict(client, base, ca, work):
    with tempfile.TemporaryDirectory() as folder:
        jar = pathlib.Path(folder)
        for shared in ["venv", "node", "target"]:
            (jar / shared).symlink_to(work / shared)
        try:
            found = client(base, ca, jar)
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            found = error
    if found == WORKS:
        return "works"
    return "401" if isinstance(found, list) and found[:2] == LOST[:2] else f"unexpected: {found}"


def table(binary, work):
    install(work)
    certificates(work)
    ca = work / "ca.pem"
    # One for each column: an account may log in thirty times in a row.
    (first_port, first_app), (second_port, second_app), (third_port, third_app) = (
        application(binary, work, name) for name in ["localhost", "address", "tls"])
    plain_port, plain_app = application(binary, work, "plain", COOKIEJWT_SECURE="false")
    tls_port, proxy = tls(third_port, work)
    columns = {
        "`http://localhost`": f"http://localhost:{first_port}",
        "`http://127.0.0.1`": f"http://127.0.0.1:{second_port}",
        "`https://localhost`": f"https://localhost:{tls_port}",
        "`http://localhost`, `COOKIEJWT_SECURE=false`": f"http://localhost:{plain_port}",
    }
    yield "| client with a cookie jar | " + " | ".join(columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    with first_app, second_app, third_app, plain_app, proxy:
        for name, (client, version) in CLIENTS.items():
            cells = [verdict(client, base, ca, work) for base in columns.values()]
            numbers = version(work)
            what = f"{name} ({numbers})" if " " in numbers else f"{name} {numbers}"
            yield f"| {what} | " + " | ".join(cells) + " |"
    yield ""
    yield f"Run by `interop/clients.py` on {datetime.date.today()}."


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for line in table(binary, pathlib.Path(folder)):
            print(line, flush=True)
            lines.append(line)
    text = "\n".join(lines)
    if "--write" in sys.argv:
        before, rest = PAGE.read_text().split(BEGIN)
        _, after = rest.split(END)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    sys.exit("unexpected" in text)


main()
