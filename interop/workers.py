#!/usr/bin/env python3
"""Runs Playwright tests in three workers, with access tokens that expire between two tests.

    interop/workers.py target/debug/example-axum

With one login per worker whose cookies are kept from test to test (`workers/login.js`), every test
passes. Copies of one jar end the session. By hand, since it takes minutes; needs Node, npm and
/usr/bin/chromium.
"""
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from common import PASSWORD, USER, Checks, application, run

HERE = pathlib.Path(__file__).resolve().parent / "workers"
SETTINGS = {"COOKIEJWT_ACCESS_MAX_AGE": "2", "COOKIEJWT_REFRESH_AHEAD": "0", "COOKIEJWT_LEEWAY": "0", "COOKIEJWT_REUSE_LEEWAY": "1"}
PASSES = {"own": True, "unsaved": False, "shared": False}


def log_in(port, path):
    """The cookies of one login, as a `storageState`."""
    connection = http.client.HTTPConnection("localhost", port)
    body = json.dumps({"username": USER, "password": PASSWORD})
    connection.request("POST", "/api/auth/token/", body, {"Content-Type": "application/json"})
    lines = connection.getresponse().headers.get_all("Set-Cookie")
    cookies = [dict(zip(("name", "value"), line.split(";")[0].split("=", 1), strict=True)) for line in lines]
    fixed = {"domain": "localhost", "path": "/", "expires": -1, "httpOnly": True, "secure": True, "sameSite": "Lax"}
    path.write_text(json.dumps({"cookies": [one | fixed for one in cookies], "origins": []}))


def main():
    check = Checks()
    guide = HERE.parent.parent / "cookiejwt-store/docs/guide/testing.md"
    check("the guide shows login.js as it is", (HERE / "login.js").read_text() in guide.read_text(), True)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        shutil.copytree(HERE, work, ignore=shutil.ignore_patterns("node_modules"), dirs_exist_ok=True)
        run("npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=work, env={**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"})
        version = json.loads((work / "node_modules/@playwright/test/package.json").read_text())["version"]
        for name, passes in PASSES.items():
            with application(sys.argv[1], **SETTINGS) as (port, log):
                log_in(port, work / "state.json")
                environment = {**os.environ, "BASE": f"http://localhost:{port}", "STATE": str(work / "state.json"),
                               "DEMO_USER": USER, "DEMO_PASSWORD": PASSWORD}
                done = subprocess.run(["npx", "playwright", "test", f"{name}.spec.js"], cwd=work, env=environment, capture_output=True, text=True)
                stolen = log.read_text().count("used-up")
            result = json.loads(done.stdout)["stats"]
            print(f"Playwright {version}, {name}: {result['expected']} passed, {result['unexpected']} failed; "
                  f"{stolen} sessions ended", flush=True)
            check(f"{name}: every test passes", result["unexpected"] == 0 and result["expected"] == 12, passes)
            check(f"{name}: no session is taken for a stolen one", stolen == 0, passes)
    check.finish()


main()
