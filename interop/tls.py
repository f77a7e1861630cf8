#!/usr/bin/env python3
"""Connects the store to PostgreSQL and MariaDB with TLS, built without a TLS feature and with each.

    interop/tls.py [--target-dir FOLDER]

Starts servers of its own, with a certificate of its own CA for `localhost`. By hand, since it builds
SeaORM three times. Needs PostgreSQL, MariaDB and openssl, and libssl-dev for native-tls.
"""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from common import Checks, certificates, free_port, process, run

HERE = pathlib.Path(__file__).resolve().parent / "tls"
NOT_BUILT = "TLS upgrade required by connect options but SQLx was built without TLS support enabled"
REFUSED = "certificate"
SEEN = ["plain", "encrypted"]

# The build, the user, the host, the options, and what the answer contains. `strict` may only connect with TLS.
POSTGRES = [
    ("none", "postgres", "localhost", "", "plain"),
    ("none", "postgres", "localhost", "sslmode=require", NOT_BUILT),
    ("none", "postgres", "localhost", "sslmode=verify-full&sslrootcert={ca}", NOT_BUILT),
    ("none", "strict", "localhost", "", "no encryption"),
    ("tls", "postgres", "localhost", "", "encrypted"),
    ("tls", "strict", "localhost", "", "encrypted"),
    ("tls", "postgres", "localhost", "sslmode=disable", "plain"),
    ("tls", "postgres", "localhost", "sslmode=verify-full&sslrootcert={ca}", "encrypted"),
    ("tls", "postgres", "localhost", "sslmode=verify-full", REFUSED),
    ("tls", "postgres", "localhost", "sslmode=verify-full&sslrootcert={other}", REFUSED),
    ("tls", "postgres", "127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", REFUSED),
    ("tls", "postgres", "127.0.0.1", "sslmode=verify-ca&sslrootcert={ca}", "encrypted"),
    ("tls", "postgres", "localhost", "sslmode=require", "encrypted"),
]
MARIADB = [
    (build, {"postgres": "root"}.get(user, user), host,
     options.replace("sslmode=disable", "ssl-mode=DISABLED").replace("sslmode=require", "ssl-mode=REQUIRED")
     .replace("sslmode=verify-full", "ssl-mode=VERIFY_IDENTITY").replace("sslmode=verify-ca", "ssl-mode=VERIFY_CA")
     .replace("sslrootcert", "ssl-ca"), {"no encryption": "Access denied"}.get(answer, answer))
    for build, user, host, options, answer in POSTGRES
]
# Without a server that speaks TLS, the default connects in plain text.
PLAIN_SERVER = [("tls", "", "plain"), ("tls", "require", "server does not support TLS"), ("tls", "verify", "server does not support TLS")]


def build(feature, work, target):
    features = [] if feature == "none" else ["--features", feature]
    run("cargo", "build", "-q", "--locked", "--manifest-path", HERE / "Cargo.toml", "--target-dir", target, *features)
    return shutil.copy(target / "debug/tls", work / f"tls-{feature}")


def as_user(name, *command):
    return ["setpriv", f"--reuid={name}", f"--regid={name}", "--clear-groups", *command] if os.getuid() == 0 else list(command)


@contextlib.contextmanager
def postgres(work, with_tls):
    port, data = free_port(), work / "postgres"
    binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    run(*as_user("postgres", binaries / "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-D", data))
    (data / "pg_hba.conf").write_text("hostssl all strict all trust\nhost all postgres all trust\n")
    files = ["-c", f"ssl_cert_file={work}/leaf.pem", "-c", f"ssl_key_file={work}/leaf.key"] if with_tls else []
    options = ["-p", port, "-k", data, "-c", f"ssl={'on' if with_tls else 'off'}", *files]
    with process(as_user("postgres", binaries / "postgres", "-D", data, *options), work / "log", port):
        run("psql", "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-c", "CREATE ROLE strict LOGIN SUPERUSER")
        yield port, run(binaries / "postgres", "--version").split()[2]
    shutil.rmtree(data)


@contextlib.contextmanager
def mariadb(work, with_tls):
    port, data = free_port(), work / "mariadb"
    data.mkdir()
    shutil.chown(data, "mysql")
    run("mariadb-install-db", "--no-defaults", "--user=mysql", "--auth-root-authentication-method=normal", f"--datadir={data}")
    files = [f"--ssl-cert={work}/leaf.pem", f"--ssl-key={work}/leaf.key"] if with_tls else []
    places = [f"--datadir={data}", f"--port={port}", f"--socket={data}/socket", "--bind-address=127.0.0.1"]
    server = shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")
    with process([server, "--no-defaults", "--user=mysql", *places, *files], work / "log", port):
        sql = "CREATE USER strict@localhost REQUIRE SSL; GRANT ALL ON *.* TO strict@localhost"
        run("mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", port, "-u", "root", "-e", sql)
        yield port, re.search(r"\d+\.\d+\.\d+", run(server, "--version"))[0]
    shutil.rmtree(data)


def try_all(check, name, table, url, builds, work):
    for build, user, host, options, expected in table:
        for feature in [feature for feature in builds if (feature == "none") == (build == "none")]:
            options = options.format(ca=work / "ca.pem", other=work / "other/ca.pem")
            answer = run(builds[feature], url.format(user=user, host=host) + (f"?{options}" if options else "")).strip()
            shown = re.sub(r"=/\S*/", "=…/", f"{name}, {feature}, {user}@{host} {options}")
            check(f"{shown}: {answer}", answer == expected if expected in SEEN else expected in answer, True)
            print(f"{shown}: {answer}", flush=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        work, check = pathlib.Path(folder), Checks()
        work.chmod(0o755)
        target = pathlib.Path(sys.argv[2]) if sys.argv[1:2] == ["--target-dir"] else work / "target"
        builds = {feature: build(feature, work, target) for feature in ["none", "rustls", "native-tls"]}
        (work / "other").mkdir()
        certificates(work, "localhost")
        certificates(work / "other", "localhost")
        for server, user, database, table, path in [
            (postgres, "postgres", "PostgreSQL", POSTGRES, "postgres://{user}@{host}:PORT/postgres"),
            (mariadb, "mysql", "MariaDB", MARIADB, "mysql://{user}@{host}:PORT/test"),
        ]:
            shutil.chown(work / "leaf.key", user)
            shutil.chown(work, user)
            with server(work, True) as (port, version):
                try_all(check, f"{database} {version}", table, path.replace("PORT", str(port)), builds, work)
            words = {"require": "sslmode=require", "verify": "sslmode=verify-full&sslrootcert={ca}"}
            if server is mariadb:
                words = {"require": "ssl-mode=REQUIRED", "verify": "ssl-mode=VERIFY_IDENTITY&ssl-ca={ca}"}
            plain = [(build, table[0][1], "localhost", words.get(word, ""), answer) for build, word, answer in PLAIN_SERVER]
            with server(work, False) as (port, version):
                try_all(check, f"{database} {version} without TLS", plain, path.replace("PORT", str(port)), builds, work)
        check.finish()


main()
