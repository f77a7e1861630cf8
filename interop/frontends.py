#!/usr/bin/env python3
"""Builds front ends that render on a server, and asks them for pages in the name of a browser.

    interop/frontends.py target/debug/example-axum [next] [sveltekit] [nuxt]

Each is the folder of its name in `frontends/`, with `session.js` of that folder, in front of the API of
an example: over plain sockets, and in Chromium. By hand, since it downloads and builds them. Needs Node,
npm and /usr/bin/chromium.
"""
import base64
import concurrent.futures
import contextlib
import html
import http.client
import json
import os
import pathlib
import re
import shutil
import sqlite3
import sys
import tempfile
import time

from common import PASSWORD, USER, Checks, application, free_port, process, run

HERE = pathlib.Path(__file__).resolve().parent / "frontends"
ACCESS, REFRESH = "__Host-access_token", "__Host-refresh_token"
ACCESS_LIFE, REUSE_LEEWAY, TABS = 40, 2, 20
PAGE = {"User-Agent": "a browser", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin",
        "Accept": "text/html"}
LINK = {**PAGE, "Sec-Fetch-Site": "cross-site"}
SCRIPT = {**PAGE, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
IMAGE = {**PAGE, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "cross-site"}
# The package that has the version, and how it is started.
MAIN = {
    "next": ("next", ["node_modules/next/dist/bin/next", "start"]),
    "sveltekit": ("@sveltejs/kit", ["build"]),
    "nuxt": ("nuxt", [".output/server/index.mjs"]),
}


class Answer:
    def __init__(self, response, body):
        self.status, self.body = response.status, body.decode()
        self.caching = response.headers["Cache-Control"] or ""
        self.lines = response.headers.get_all("Set-Cookie") or []
        self.cookies = dict(line.split(";")[0].split("=", 1) for line in self.lines)

    def user(self):
        """Whom the page is for: React puts a comment between two texts."""
        text = re.sub(r"<!--.*?-->", "", html.unescape(self.body))
        found = re.search(r"user: (\w+)", text)
        return found[1] if found else f"no user: {self.status} {self.body[:300]}"


class Browser:
    """One cookie jar, which both ports of `localhost` share."""

    def __init__(self, api, front):
        self.api, self.front, self.cookies = api, front, {}

    def send(self, port, method, path, headers=PAGE, body=None, keeps=True):
        fields = {**headers, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            body, fields["Content-Type"] = json.dumps(body), "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, fields)
            response = connection.getresponse()
            answer = Answer(response, response.read())
        if keeps:
            self.cookies = {name: value for name, value in {**self.cookies, **answer.cookies}.items() if value}
        return answer

    def login(self):
        body = {"username": USER, "password": PASSWORD, "remember": True}
        return self.send(self.api, "POST", "/api/auth/token/", {}, body)

    def page(self, headers=PAGE, keeps=True):
        return self.send(self.front, "GET", "/", headers, keeps=keeps)

    def expire(self):
        """What a browser does at the end of `Max-Age`."""
        self.cookies.pop(ACCESS, None)


def claim(token, name):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))[name]


def row(database, token):
    """The refresh tokens that the session's row knows: the present one, and the one before."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        columns = "SELECT current_jti, previous_jti FROM cookiejwt_sessions WHERE id = ?"
        return db.execute(columns, [claim(token, "sid")]).fetchone()


def expired(browser, database, check):
    """One refresh, whatever the page asks the API."""
    browser.login()
    answer = browser.page()
    check("a good access token: the page", answer.user(), USER)
    check("a good access token: no cookies", answer.lines, [])
    for rule, headers in [("expired", PAGE), ("expired, a link from another site", LINK), ("expired, asked by a script", SCRIPT)]:
        before = browser.cookies[REFRESH]
        browser.expire()
        answer = browser.page(headers)
        after = browser.cookies[REFRESH]
        check(f"{rule}: the page", answer.user(), USER)
        check(f"{rule}: both cookies, as the API wrote them", (set(answer.cookies) >= {ACCESS, REFRESH},
              all("HttpOnly" in line and "Secure" in line and "Path=/" in line for line in answer.lines)), (True, True))
        check(f"{rule}: one refresh", row(database, after), (claim(after, "jti"), claim(before, "jti")))
        check(f"{rule}: no cache keeps it", "no-store" in answer.caching, True)
        check(f"{rule}: the next page has no cookies", browser.page().lines, [])
        time.sleep(REUSE_LEEWAY + 1)
    browser.expire()
    answer = browser.page(IMAGE)
    check("expired, an image on another site: no refresh", (answer.user(), answer.lines), ("anonymous", []))
    check("expired, an image on another site: nothing has changed", browser.page().user(), USER)


def parallel(browser, check):
    browser.login()
    browser.page()
    browser.expire()
    with concurrent.futures.ThreadPoolExecutor(TABS) as pool:
        answers = list(pool.map(lambda _: browser.page(keeps=False), range(TABS)))
    check("parallel: every page", {answer.user() for answer in answers}, {USER})
    check("parallel: the same cookies", len({answer.cookies.get(REFRESH) for answer in answers}), 1)
    browser.cookies |= answers[-1].cookies
    check("parallel: used", browser.page().user(), USER)
    time.sleep(REUSE_LEEWAY + 1)
    browser.expire()
    check("parallel: the session has not ended", browser.page().user(), USER)


def lost(browser, check):
    """The page is rendered, and its response never arrives."""
    browser.login()
    browser.page()
    browser.expire()
    check("lost: it was rendered", browser.page(keeps=False).user(), USER)
    time.sleep(REUSE_LEEWAY + 2)
    check("lost: the session has not ended", browser.page().user(), USER)
    check("lost: used", browser.page().user(), USER)


def ended(browser, check):
    browser.login()
    copy = Browser(browser.api, browser.front)
    copy.cookies = dict(browser.cookies)
    check("logout elsewhere", copy.send(copy.api, "POST", "/api/auth/logout/", {}).status, 200)
    browser.expire()
    answer = browser.page()
    check("logout elsewhere: the page", answer.user(), "anonymous")
    check("logout elsewhere: the cookies are cleared", browser.cookies.get(REFRESH), None)


def present(browser, check):
    """Cookies without `Max-Age` stay in the browser after the token has expired."""
    browser.login()
    time.sleep(ACCESS_LIFE + 1)
    answer = browser.page()
    check("an expired token that the browser still sends", (answer.user(), ACCESS in answer.cookies), (USER, True))


def in_chromium(api, front, check):
    """The same with a browser's own cookie jar, and with the requests that the framework's script sends."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(HERE.parent / "workers", folder, ignore=shutil.ignore_patterns("node_modules"), dirs_exist_ok=True)
        shutil.copy(HERE / "browser.mjs", folder)
        run("npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=folder, env={**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"})
        places = [f"http://localhost:{port}" for port in (api, front)]
        found = json.loads(run("node", "browser.mjs", *places, USER, PASSWORD, (REUSE_LEEWAY + 1) * 1000, cwd=folder))
    for step, tabs in [("a page", 1), ("a link inside the page", 1), ("six tabs", 6), ("a page again", 1)]:
        check(f"Chromium, {step}", found[step], {"users": [f"user: {USER}"] * tabs, "renewed": True})


def install(name, work):
    shutil.copytree(HERE / name, work, ignore=shutil.ignore_patterns("node_modules"), dirs_exist_ok=True)
    shutil.copy(HERE / "session.js", work)
    environment = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1", "NUXT_TELEMETRY_DISABLED": "1", "CI": "1"}
    run("npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=work, env=environment)
    return environment


def try_front_end(name, binary, work, check):
    environment = install(name, work)
    settings = {"COOKIEJWT_ACCESS_MAX_AGE": str(ACCESS_LIFE), "COOKIEJWT_REFRESH_AHEAD": "0", "COOKIEJWT_LEEWAY": "0",
                "COOKIEJWT_REUSE_LEEWAY": str(REUSE_LEEWAY)}
    with application(binary, **settings) as (api, log):
        port = free_port()
        environment |= {"API": f"http://127.0.0.1:{api}", "PORT": str(port), "HOST": "127.0.0.1"}
        run("npm", "run", "build", cwd=work, env=environment)
        with process(["node", *MAIN[name][1]], work / "log", port, cwd=work, env=environment):
            check("anonymous", (Browser(api, port).page().user(), Browser(api, port).page().lines), ("anonymous", []))
            expired(Browser(api, port), log.parent / "cookiejwt-demo.db", check)
            parallel(Browser(api, port), check)
            lost(Browser(api, port), check)
            ended(Browser(api, port), check)
            present(Browser(api, port), check)
            in_chromium(api, port, check)
        text = log.read_text()
        check("no session was taken for a stolen one", [line for line in text.splitlines() if "used-up" in line], [])


def shown():
    """The guide shows the files that were run."""
    guide = (HERE.parent.parent / "cookiejwt-store/docs/guide/server_side_rendering.md").read_text()
    files = ["session.js", "next/proxy.js", "sveltekit/src/hooks.server.js", "nuxt/server/middleware/session.js"]
    return [f"the guide does not show {name} as it is" for name in files if (HERE / name).read_text() not in guide]


def main():
    binary, *named = sys.argv[1:]
    faults = shown()
    for name in named or MAIN:
        with tempfile.TemporaryDirectory() as folder:
            work, check = pathlib.Path(folder), Checks()
            try_front_end(name, binary, work, check)
            version = json.loads((work / "node_modules" / MAIN[name][0] / "package.json").read_text())["version"]
        print(f"{name} {version}: {check.passed} checks, {len(check.faults)} failed", flush=True)
        faults += [f"{name}: {fault}" for fault in check.faults]
    print("\n".join(faults))
    sys.exit(bool(faults))


main()
