#!/usr/bin/env python3
"""Exchanges tokens between this library and PyJWT and panva/jose, in both directions.

1. They accept every token that we mint, and we accept every token that they mint with our keys and claims.
2. We refuse every mutation that one of them refuses. The reverse need not hold: we are stricter.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import sys
import time

import jwt

HERE = pathlib.Path(__file__).parent
KEYS = HERE.parent / "cookiejwt-core" / "tests" / "keys"
PEM = {"EdDSA": "ed25519.pem", "ES256": "p256.pem", "PS256": "rsa2048.pem", "RS256": "rsa2048.pem"}
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "sid"]
NOW = int(time.time())


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def library(command, lines=""):
    run = subprocess.run([*sys.argv[1:], command, str(NOW)], input=lines, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"the library's side failed: {run.stderr}")
    return run.stdout


def derived(secret):
    """RFC 5869 with the label of access tokens: what an HS256 verifier has to do."""
    prk = hmac.digest(bytes(32), base64.b64decode(secret), hashlib.sha256)
    return hmac.digest(prk, b"cookiejwt/1 access\x01", hashlib.sha256)


def key_table(minted):
    """For each algorithm: the key that verifies (a JWK), the key that signs, and the kid."""
    keys = {}
    for case in minted["cases"]:
        if case["key"]:
            private = (KEYS / PEM[case["alg"]]).read_text()
            keys[case["alg"]] = {"public": case["key"], "private": private, "kid": case["key"]["kid"]}
        else:
            secret = derived(minted["secret"])
            kid = encode(hmac.digest(secret, b"cookiejwt/1 kid", hashlib.sha256)[:9])
            keys[case["alg"]] = {"public": {"kty": "oct", "k": encode(secret)}, "private": secret, "kid": kid}
    return keys


def pyjwt_accepts(minted, keys, alg, token):
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(
            token,
            jwt.PyJWK(keys[alg]["public"], algorithm=alg).key,
            algorithms=[alg],
            issuer=minted["issuer"],
            audience=minted["audience"],
            leeway=5,
            options={"require": REQUIRED},
        )
        return header.get("typ") == "at+jwt" and header.get("kid") == keys[alg]["kid"] and bool(claims)
    except Exception:  # any reason to refuse
        return False


def jose(minted, keys, verify=(), sign=()):
    readable = {
        alg: {**key, "private": key["private"] if isinstance(key["private"], str) else ""} for alg, key in keys.items()
    }
    request = {"keys": readable, "issuer": minted["issuer"], "audience": minted["audience"], "now": NOW}
    request |= {"verify": [{"alg": alg, "token": token} for alg, token in verify], "sign": list(sign)}
    run = subprocess.run(["node", HERE / "jose.mjs"], input=json.dumps(request), capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"jose failed: {run.stderr}")
    return json.loads(run.stdout)


def ours(tokens):
    lines = "".join(f"{alg} {token}\n" for alg, token in tokens)
    return [line == "accepted" for line in library("verify", lines).splitlines()]


def claims(minted):
    return {
        "iss": minted["issuer"],
        "sub": "alice",
        "aud": [minted["audience"]],
        "exp": NOW + 300,
        "iat": NOW,
        "jti": encode(bytes(16)),
        "sid": encode(bytes([1] * 16)),
        "auth_time": NOW,
        "role": "admin",
    }


def signed(keys, alg, header, payload):
    """Any header and payload with the right key."""
    message = f"{encode(header)}.{encode(payload)}"
    algorithm = jwt.get_algorithm_by_name(alg)
    key = keys[alg]["private"]
    key = algorithm.prepare_key(key)
    return f"{message}.{encode(algorithm.sign(message.encode(), key))}"


def text_mutations(token):
    """Changes to the text that need no key."""
    header, payload, signature = token.split(".")
    raw = decode(signature)
    yield "signature missing", f"{header}.{payload}."
    yield "no signature segment", f"{header}.{payload}"
    yield "payload missing", f"{header}..{signature}"
    yield "header missing", f".{payload}.{signature}"
    yield "a fourth segment", f"{token}.{signature}"
    yield "signature of zeros", f"{header}.{payload}.{encode(bytes(len(raw)))}"
    yield "signature cut", f"{header}.{payload}.{encode(raw[:-1])}"
    yield "signature longer", f"{header}.{payload}.{encode(raw + bytes(1))}"
    yield "signature twice", f"{header}.{payload}.{encode(raw + raw)}"
    yield "signature halves swapped", f"{header}.{payload}.{encode(raw[len(raw) // 2:] + raw[:len(raw) // 2])}"
    yield "payload and signature swapped", f"{header}.{signature}.{payload}"
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        yield f"character {place}", token[:place] + other + token[place + 1:]
    for place in range(len(raw)):
        flipped = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1:]
        yield f"signature byte {place}", f"{header}.{payload}.{encode(flipped)}"
    for name in ["none", "None", "NONE", "HS256", "HS384", "ES384", "RS256", ""]:
        changed = json.dumps({**json.loads(decode(header)), "alg": name}).encode()
        yield f"alg {name!r}, unsigned", f"{encode(changed)}.{payload}."
        yield f"alg {name!r}", f"{encode(changed)}.{payload}.{signature}"


def signed_mutations(keys, alg, right_header, right_claims):
    """Changes to the content, signed with the right key."""
    def token(header=None, payload=None):
        header = json.dumps(header if header is not None else right_header)
        payload = payload if payload is not None else json.dumps(right_claims)
        return signed(keys, alg, header.encode(), payload.encode())

    yield "nothing changed", token()
    for name in right_header:
        yield f"header without {name}", token({key: value for key, value in right_header.items() if key != name})
    for name, value in [("typ", "JWT"), ("typ", "rt+jwt"), ("kid", "x"), ("kid", 1), ("crit", ["x"]), ("crit", []),
                        ("b64", False), ("alg", None)]:
        yield f"header {name} = {value!r}", token({**right_header, name: value})
    yield "crit with b64", token({**right_header, "crit": ["b64"], "b64": False})
    for name in REQUIRED:
        rest = {key: value for key, value in right_claims.items() if key != name}
        yield f"without {name}", token(payload=json.dumps(rest))
        for value in [None, "", 0, -1, True, [], {}, 1e300]:
            yield f"{name} = {value!r}", token(payload=json.dumps({**right_claims, name: value}))
    for name, value in [("iss", "https://evil.example"), ("iss", ["https://testing.example"]), ("aud", "other"),
                        ("aud", ["other"]), ("exp", NOW - 60), ("nbf", NOW + 60), ("exp", str(NOW + 300)),
                        ("nbf", "x"), ("iat", "x"), ("iat", NOW + 3600)]:
        yield f"{name} = {value!r}", token(payload=json.dumps({**right_claims, name: value}))
    for text in ["", "[]", "null", "42", "{", '{"sub":"alice"}', "not JSON"]:
        yield f"payload {text!r}", token(payload=text)


def main():
    minted = json.loads(library("mint"))
    keys = key_table(minted)
    ours_to_theirs = [(case["alg"], case["token"]) for case in minted["cases"] if case["token"]]
    faults = []

    accepted = jose(minted, keys, ours_to_theirs)["verify"]
    for (alg, token), by_jose in zip(ours_to_theirs, accepted, strict=True):
        if not by_jose:
            faults.append(f"{alg}: jose refuses our token")
        if not pyjwt_accepts(minted, keys, alg, token):
            faults.append(f"{alg}: PyJWT refuses our token")

    headers = {alg: {"alg": alg, "typ": "at+jwt", "kid": key["kid"]} for alg, key in keys.items()}
    right = claims(minted)
    by_jose = jose(minted, keys, sign=[{"alg": alg, "header": headers[alg], "claims": right} for alg in keys])["sign"]
    theirs = list(zip(keys, by_jose, strict=True))
    theirs += [(alg, jwt.encode(right, keys[alg]["private"], algorithm=alg, headers=headers[alg])) for alg in keys]
    for (alg, token), is_accepted in zip(theirs, ours(theirs), strict=True):
        if not is_accepted:
            faults.append(f"{alg}: we refuse a token of theirs: {token}")

    mutations = []
    for alg, token in theirs[: len(keys)]:
        mutations += [(alg, name, changed) for name, changed in text_mutations(token) if changed != token]
        mutations += [(alg, *one) for one in signed_mutations(keys, alg, headers[alg], right)]
    tokens = [(alg, token) for alg, _, token in mutations]
    refused = stricter = 0
    verdicts = zip(mutations, jose(minted, keys, tokens)["verify"], ours(tokens), strict=True)
    for (alg, name, token), by_jose, by_us in verdicts:
        by_pyjwt = pyjwt_accepts(minted, keys, alg, token)
        refused += not (by_jose and by_pyjwt)
        stricter += by_jose and by_pyjwt and not by_us
        if by_us and not (by_jose and by_pyjwt):
            faults.append(f"{alg}, {name}: we accept, jose {by_jose}, PyJWT {by_pyjwt}: {token}")
        if name == "nothing changed" and not (by_us and by_jose and by_pyjwt):
            faults.append(f"{alg}: the mutations start from a token that is refused")

    print(f"{len(ours_to_theirs)} of our tokens, {len(theirs)} of theirs, {len(mutations)} mutations: "
          f"{refused} refused by one of them, {stricter} more by us")
    print("\n".join(faults))
    sys.exit(bool(faults))


main()
