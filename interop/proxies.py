#!/usr/bin/env python3
"""Runs an example behind nginx, HAProxy and Caddy, with the configuration files of this folder.

    interop/proxies.py target/debug/example-axum [nginx] [haproxy] [caddy]

Each proxy asks `token/verify/` before a request reaches a dummy service, and is also run as a plain
reverse proxy. A proxy that was not named is run when it is installed. Needs Python 3 alone.
"""
import base64
import contextlib
import hashlib
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from common import PASSWORD, USER, free_port, process

HERE = pathlib.Path(__file__).resolve().parent
ACCESS_LIFE = 3
REQUESTS, CLIENTS = 1000, 8
PAGE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
SCRIPT = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}
OURS = ("__Host-access_token", "__Host-refresh_token", "__Host-known_device")
SOCKET = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class Service(http.server.BaseHTTPRequestHandler):
    """What is protected: says what reached it."""

    protocol_version = "HTTP/1.1"
    reached = 0

    def answer(self):
        type(self).reached += 1
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        if (self.headers.get("Upgrade") or "").lower() == "websocket":
            return self.switch()
        # Every field, so that one that came twice is seen.
        fields = [[name.lower(), value] for name, value in self.headers.items()]
        body = json.dumps({"method": self.command, "path": self.path, "fields": fields}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def switch(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    def json(self):
        return json.loads(self.body)

    def code(self):
        try:
            return self.json().get("code")
        except ValueError:
            return None


class Client:
    """A browser as far as it matters here: it keeps cookies and follows redirects of pages."""

    def __init__(self, port):
        self.port, self.cookies, self.lock, self.renewed = port, {}, threading.Lock(), 0

    def send(self, method, path, headers=(), body=None, cookies=True):
        fields = dict(headers)
        with self.lock:
            kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if cookies and kept:
            fields["Cookie"] = "; ".join(filter(None, [fields.get("Cookie"), kept]))
        if isinstance(body, dict):
            body, fields["Content-Type"] = json.dumps(body), "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, fields)
            response = connection.getresponse()
            answer = Answer(response, b"" if response.status == 101 else response.read())
        finally:
            connection.close()
        with self.lock:
            for line in answer.headers.get_all("Set-Cookie") or []:
                name, value = line.split(";")[0].split("=", 1)
                self.renewed += name == OURS[0] and value != ""
                self.cookies[name] = value
                if "Max-Age=0" in line:
                    del self.cookies[name]
        return answer

    def login(self):
        body = {"username": USER, "password": PASSWORD, "remember": True}
        origin = {"Origin": f"http://127.0.0.1:{self.port}"}
        return self.send("POST", "/api/auth/token/", {**SCRIPT, **origin}, body)

    def page(self, path):
        """A page, through every redirect; how many there were."""
        for hops in range(6):
            answer = self.send("GET", path, PAGE)
            if answer.status != 303:
                return answer, hops
            path = answer.headers["Location"]
        raise AssertionError("redirected in circles")

    def script(self, method, path):
        """What a page does whose script is told `refresh_required`."""
        answer = self.send(method, path, SCRIPT)
        if answer.status == 401 and answer.code() == "refresh_required":
            self.send("POST", "/api/auth/token/refresh/", SCRIPT)
            answer = self.send(method, path, SCRIPT)
        return answer


class Checks:
    def __init__(self, proxy):
        self.proxy, self.passed, self.faults = proxy, 0, []

    def __call__(self, rule, found, expected):
        if found == expected:
            self.passed += 1
        else:
            self.faults.append(f"{self.proxy}: {rule}: {found!r} instead of {expected!r}")


def fields(answer, name):
    return [value for field, value in answer.json()["fields"] if field == name]


def forwarded(proxy, port, check):
    """Everything that forward authentication promises."""
    stranger, alice = Client(port), Client(port)
    before = Service.reached
    check("nobody: a script", (stranger.send("GET", "/a", SCRIPT).status), 401)
    check("nobody: the answer is ours", stranger.send("GET", "/a", SCRIPT).code(), "not_authenticated")
    check("nobody: a client's own X-Auth-User", stranger.send("GET", "/a", {"X-Auth-User": "1"}).status, 401)
    check("nobody: nothing has reached the service", Service.reached, before)
    check("login through the proxy", alice.login().status, 200)
    session = alice.send("POST", "/api/auth/token/verify/", SCRIPT).json()
    names = {"X-Auth-User": "root", "X-Auth-Session": "s", "X-Auth-Scopes": "admin", "X-Auth-Realm": "staff",
             "X-Auth-Actor": "2"}
    own = {**SCRIPT, **names, "Cookie": "theme=dark"}
    reached = alice.send("GET", "/a?b=c", own)
    check("the service is reached", (reached.status, reached.json()["path"]), (200, "/a?b=c"))
    check("it learns the user", fields(reached, "x-auth-user"), [session["user_id"]])
    check("and the session", fields(reached, "x-auth-session"), [session["session_id"]])
    for name in ("x-auth-scopes", "x-auth-realm", "x-auth-actor"):
        check(f"a client's own {name} is dropped", "".join(fields(reached, name)), "")
    forged = {"X_Auth_User": "1", "X-Auth_User": "1", "X_Auth-User": "1"}
    forged = {**SCRIPT, **forged}
    check("a client's own field that CGI and WSGI read as the same name",
          [name for name, _ in alice.send("GET", "/a", forged).json()["fields"] if "auth" in name],
          [name for name, _ in alice.send("GET", "/a", SCRIPT).json()["fields"] if "auth" in name])
    check("it gets the other cookies, and none of ours", [one.strip("; ") for one in fields(reached, "cookie")], ["theme=dark"])
    bearer = {"Authorization": "Bearer " + alice.cookies[OURS[0]]}
    reached = stranger.send("DELETE", "/a", bearer)
    check("a bearer", (reached.status, fields(reached, "authorization")), (200, []))

    before = Service.reached
    evil = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    form = {**PAGE, **evil, "Content-Type": "application/x-www-form-urlencoded"}
    check("a POST of another site", alice.send("POST", "/a", form, "a=b").status, 403)
    check("a DELETE of a sibling", alice.send("DELETE", "/a", {**SCRIPT, "Sec-Fetch-Site": "same-site"}).status, 403)
    check("a POST of another site, said to be a GET",
          alice.send("POST", "/a", {**form, "X-Forwarded-Method": "GET", "X-Original-Method": "GET"}, "a=b").status, 403)
    sibling = {**SOCKET, "Origin": "https://evil.example"}
    check("a WebSocket of another site, Chromium", alice.send("GET", "/ws", sibling).status, 403)
    sibling = {**sibling, "Sec-Fetch-Mode": "websocket", "Sec-Fetch-Site": "cross-site"}
    check("a WebSocket of another site, Firefox", alice.send("GET", "/ws", sibling).status, 403)
    check("none of these has reached the service", Service.reached, before)
    check("a link from another site", alice.send("GET", "/a", {**PAGE, "Sec-Fetch-Site": "cross-site"}).status, 200)
    check("a POST of the own page", alice.send("POST", "/a", {**SCRIPT, "Content-Type": "text/plain"}, "x").status, 200)
    own_socket = {**SOCKET, "Origin": f"http://127.0.0.1:{port}"}
    check("a WebSocket of the own page", alice.send("GET", "/ws", own_socket).status, 101)
    check("the proxy's own question is not for clients", alice.send("GET", "/_verify", SCRIPT).status,
          404 if proxy == "nginx" else 200)

    time.sleep(ACCESS_LIFE + 0.5)
    before = Service.reached
    answer = alice.send("POST", "/a", SCRIPT)
    check("expired: a script", (answer.status, answer.code()), (401, "refresh_required"))
    check("expired: it has not reached the service", Service.reached, before)
    astray = alice.send("GET", "/x?next=//evil.example&a=%2F", PAGE)
    check("expired: a page goes to renew the session", (astray.status, astray.headers["Location"]), (
        303, "/api/auth/token/continue/?next=%2Fx%3Fnext%3D%2F%2Fevil.example%26a%3D%252F"))
    answer, hops = alice.page("/x?next=//evil.example&a=%2F")
    check("expired: and comes back", (answer.status, hops, answer.json()["path"]), (200, 2, "/x?next=//evil.example&a=%2F"))


def many(port, check):
    """A thousand requests over the ends of several access tokens."""
    client = Client(port)
    client.login()
    session = client.send("POST", "/api/auth/token/verify/", SCRIPT).json()["session_id"]
    pace = (3.5 * ACCESS_LIFE) / (REQUESTS / CLIENTS)
    found, redirected = [], [0]

    def run(number):
        for at in range(REQUESTS // CLIENTS):
            if (at + number) % 2:
                answer, hops = client.page(f"/many/{number}/{at}")
                redirected[0] += hops > 0
            else:
                answer = client.script("POST", f"/many/{number}/{at}")
            whose = fields(answer, "x-auth-session") if answer.status == 200 else answer.code()
            found.append((answer.status, whose))
            time.sleep(pace)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    check("1000 requests", len(found), REQUESTS)
    check("1000 requests: all of one session", {str(one) for one in found}, {str((200, [session]))})
    check("1000 requests: the access token ended twice", client.renewed >= 3, True)
    return client.renewed - 1, redirected[0]


def plain(port, app, check):
    """A reverse proxy in front of the application alone."""
    client = Client(port)
    origin = {"Origin": f"http://127.0.0.1:{port}"}
    body = {"username": USER, "password": PASSWORD}
    check("plain: login by an old browser, which sends Origin alone", client.send("POST", "/api/auth/token/", origin, body).status, 200)
    check("plain: who", client.send("GET", "/api/me", SCRIPT).status, 200)
    check("plain: a WebSocket's question", client.send("GET", "/api/me", {**SOCKET, **origin}).status, 200)
    check("plain: one of another site", client.send("GET", "/api/me", {**SOCKET, "Origin": "https://evil.example"}).status, 403)
    forged = {**SCRIPT, "X-Forwarded-For": "192.0.2.1"}
    check("plain: login with a forged address", client.send("POST", "/api/auth/token/", forged, body).status, 200)
    sessions = client.send("GET", "/api/auth/sessions/", SCRIPT).json()
    check("plain: the address is the client's, not what it wrote", {one["ip"] for one in sessions}, {"127.0.0.1"})


def command(proxy, work, kind):
    """What starts the proxy with the file of this folder, whose ports are replaced."""
    if proxy == "nginx":
        main = f"""daemon off; pid {work}/nginx.pid; error_log stderr; worker_processes 1;
            {"user root;" if os.getuid() == 0 else ""}
            events {{}} http {{ access_log off; client_body_temp_path {work}/body; proxy_temp_path {work}/proxy;
            fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s; include {work}/{kind}.conf; }}"""
        (work / "main.conf").write_text(main)
        return ["nginx", "-e", "stderr", "-p", work, "-c", work / "main.conf"]
    if proxy == "haproxy":
        return ["haproxy", "-db", "-f", work / f"{kind}.cfg"]
    return ["caddy", "run", "--adapter", "caddyfile", "--config", work / "Caddyfile"]


FILES = {
    "nginx": {"plain": "plain.conf", "forward_auth": "forward_auth.conf"},
    "haproxy": {"plain": "plain.cfg", "forward_auth": "forward_auth.cfg"},
    "caddy": {"forward_auth": "Caddyfile"},
}


@contextlib.contextmanager
def started(proxy, kind, app, service):
    """The proxy, on a free port."""
    with tempfile.TemporaryDirectory() as folder:
        work, port = pathlib.Path(folder), free_port()
        shutil.copytree(HERE / proxy, work, dirs_exist_ok=True)
        ports = {"3000": app, "4000": service, "8080": port}
        file = work / FILES[proxy][kind]
        text = re.sub(r"127\.0\.0\.1:(3000|4000|8080)", lambda found: f"127.0.0.1:{ports[found[1]]}", file.read_text())
        file.write_text("{\n\tadmin off\n}\n" + text if proxy == "caddy" else text)
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin", "HOME": folder}
        with process(command(proxy, work, kind), work / "log", port, cwd=work, env=environment):
            yield port


def installed(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")


def version(proxy):
    flag = {"nginx": "-v", "haproxy": "-v", "caddy": "version"}[proxy]
    run = subprocess.run([installed(proxy), flag], capture_output=True, text=True)
    return re.search(r"\d+\.\d+\.\d+", run.stdout + run.stderr)[0]


@contextlib.contextmanager
def application(binary, work):
    port = free_port()
    # With Secure cookies, as in production: the client here keeps them on http.
    settings = {
        "PORT": str(port), "DEMO_USER": USER, "DEMO_PASSWORD": PASSWORD, "COOKIEJWT_TRUSTED_PROXIES": "1",
        "COOKIEJWT_ACCESS_MAX_AGE": str(ACCESS_LIFE), "COOKIEJWT_REFRESH_AHEAD": "0", "COOKIEJWT_LEEWAY": "0",
    }
    with process([binary], work / "app.log", port, cwd=work, env={**os.environ, **settings}):
        yield port


def main():
    binary, *named = sys.argv[1:]
    proxies = named or [proxy for proxy in FILES if installed(proxy)]
    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    service.handle_error = lambda *_: None  # a proxy that closes a connection
    threading.Thread(target=service.serve_forever, daemon=True).start()
    faults = []
    with tempfile.TemporaryDirectory() as folder, application(os.path.abspath(binary), pathlib.Path(folder)) as app:
        for proxy in proxies:
            check = Checks(proxy)
            with started(proxy, "forward_auth", app, service.server_port) as port:
                forwarded(proxy, port, check)
                renewed, redirected = many(port, check)
            if "plain" in FILES[proxy]:
                with started(proxy, "plain", app, service.server_port) as port:
                    plain(port, app, check)
            print(f"{proxy} {version(proxy)}: {check.passed} checks; {REQUESTS} requests, {renewed} renewals, "
                  f"{redirected} redirects, no session lost" if not check.faults else f"{proxy} {version(proxy)}: failed")
            faults += check.faults
        log = (pathlib.Path(folder) / "app.log").read_text()
        # "replaced" is a second login in the same browser.
        faults += [line for line in log.splitlines() if "session revoked" in line and "replaced" not in line]
    print("\n".join(faults))
    for missing in [proxy for proxy in FILES if not installed(proxy)]:
        print(f"{missing} is not installed and was not run")
    sys.exit(bool(faults))


main()
