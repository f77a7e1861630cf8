#!/usr/bin/env python3
"""A three-node MariaDB Galera cluster on loopback, one example on each member, one member killed under load.

Run it by hand, as root, on Debian:  apt-get install mariadb-server galera-4 rsync lsof
                                     cargo build -p example-axum && python3 chaos/galera.py

Every confirmed logout must hold on the remaining members, in the table and for every example there; every refreshed session
must still be valid; no session may have been revoked for reuse.
"""
import http.client
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = pathlib.Path(os.environ.get("EXAMPLE", ROOT / "target/debug/example-axum"))
PROVIDER = "/usr/lib/galera/libgalera_smm.so"
SQL_PORTS = [33061, 33062, 33063]
GROUP_PORTS = [45670, 45680, 45690]
HTTP_PORTS = [38081, 38082, 38083]
SECONDS_OF_LOAD = 24
CLIENTS = 9
STARTED = []
PASSWORD = "correct horse battery staple"
SECRET = "pWjBnrQGh0sCwY1h0TqsL7Vq5Rz4P0cN9yXlq8KZr1E="


def seed(directory):
    """One empty database for all, so that no member needs a state transfer when it joins."""
    data = directory / "data0"
    install = ["mariadb-install-db", "--no-defaults", "--user=mysql", "--skip-test-db", f"--datadir={data}",
               "--auth-root-authentication-method=normal"]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = member(directory, 0, True)
    sql(0, "CREATE DATABASE demo CHARACTER SET utf8mb4")
    first.terminate()
    first.wait()
    for index in (1, 2):
        shutil.copytree(data, directory / f"data{index}")
        subprocess.run(["chown", "-R", "mysql:", directory / f"data{index}"], check=True)
        (directory / f"data{index}" / "gvwstate.dat").unlink(missing_ok=True)


def member(directory, index, is_first=False):
    """Starts one member; the first one starts the cluster."""
    peers = ",".join(f"127.0.0.1:{port}" for port in GROUP_PORTS)
    group = GROUP_PORTS[index]
    options = [
        "mariadbd", "--no-defaults", "--user=mysql", f"--datadir={directory}/data{index}", f"--port={SQL_PORTS[index]}",
        f"--socket={directory}/socket{index}", "--bind-address=127.0.0.1", "--binlog-format=ROW",
        # Reads and UPDATEs wait for the commits of other members. Without it, a session is not found on a member that lags:
        # a logout there changes no row and is lost. SYNC_WAIT=0 shows it.
        f"--wsrep-sync-wait={os.environ.get('SYNC_WAIT', '3')}",
        "--innodb-autoinc-lock-mode=2", "--wsrep-on=ON", f"--wsrep-provider={PROVIDER}",
        f"--wsrep-cluster-address=gcomm://{'' if is_first else peers}", "--wsrep-cluster-name=cookiejwt",
        f"--wsrep-node-name=member{index}", f"--wsrep-node-address=127.0.0.1:{group}",
        f"--wsrep-sst-receive-address=127.0.0.1:{group + 2}", "--wsrep-sst-method=rsync",
        f"--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{group};ist.recv_addr=127.0.0.1:{group + 1}",
    ]
    if is_first:
        options.append("--wsrep-new-cluster")
    log = open(directory / f"member{index}.log", "w")
    process = subprocess.Popen(options, stdout=log, stderr=log)
    STARTED.append(process)
    for _ in range(600):
        if process.poll() is not None:
            sys.exit((directory / f"member{index}.log").read_text()[-3000:])
        if sql(index, "SHOW STATUS LIKE 'wsrep_ready'").endswith("ON"):
            return process
        time.sleep(0.1)
    sys.exit(f"member {index} does not become ready:\n" + (directory / f"member{index}.log").read_text()[-3000:])


def sql(index, statement, database="mysql"):
    command = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{SQL_PORTS[index]}", "-uroot", "-N", "-B", database]
    done = subprocess.run(command, input=statement, capture_output=True, text=True)
    return done.stdout.strip()


def example(directory, index):
    home = directory / f"home{index}"
    home.mkdir()
    variables = {
        "DATABASE_URL": f"mysql://root@127.0.0.1:{SQL_PORTS[index]}/demo", "PORT": str(HTTP_PORTS[index]),
        "DEMO_USER": "demo", "DEMO_PASSWORD": PASSWORD, "COOKIEJWT_SECRET": SECRET, "NO_COLOR": "1",
    }
    log = open(directory / f"example{index}.log", "w")
    STARTED.append(subprocess.Popen([EXAMPLE], cwd=home, env=variables, stdout=log, stderr=log))


def ask(index, method, path, cookies=None, body=None):
    """Returns the status and the jar afterwards."""
    connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORTS[index], timeout=20)
    jar = dict(cookies or {})
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
    if body:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    answer.read()
    for line in answer.headers.get_all("Set-Cookie", []):
        name, value = line.split(";")[0].split("=", 1)
        jar.pop(name, None) if not value else jar.update({name: value})
    connection.close()
    return answer.status, jar


def insistently(method, path, cookies=None, body=None, seconds=8):
    """Tries the next example after a 503 or without a response; None if there is no response within the leeway."""
    end, index = time.time() + seconds, random.randrange(3)
    while time.time() < end:
        try:
            status, jar = ask(index, method, path, cookies, body)
            if status != 503:
                return status, jar
        except OSError:
            pass
        index = (index + 1) % 3
        time.sleep(0.05)
    return None


class Load:
    def __init__(self):
        self.living, self.ended, self.faults, self.over = [], [], [], False

    def client(self, number):
        while not self.over:
            number += 1
            login = insistently("POST", "/api/auth/token/", body={"username": "demo", "password": PASSWORD})
            if login is None:
                continue
            stale = {name: value for name, value in login[1].items() if "refresh" in name}
            refreshed = insistently("GET", "/api/me", stale)
            if refreshed is None:
                continue
            if login[0] != 200 or refreshed[0] != 200:
                self.faults.append(f"login {login[0]}, refresh {refreshed[0]}")
                continue
            if number % 2:
                self.living.append(refreshed[1])
                continue
            out = insistently("POST", "/api/auth/token/blacklist/", refreshed[1])
            if out is not None and out[0] == 200:
                self.ended.append(refreshed[1])


def judge(load, left):
    for index in left:
        for jar in load.living:
            if (status := ask(index, "GET", "/api/me", jar)[0]) != 200:
                load.faults.append(f"example {index}: a live session gets {status}")
        for jar in load.ended:
            if (status := ask(index, "GET", "/api/me", jar)[0]) != 401:
                load.faults.append(f"example {index}: a revoked session gets {status}")
        count = lambda reason: int(sql(index, f"SELECT COUNT(*) FROM cookiejwt_sessions WHERE {reason}", "demo"))
        revoked, reused = count("revoked_reason = 'logout'"), count("revoked_reason = 'reuse'")
        print(f"member {index}: {revoked} logged out, {reused} revoked for reuse, {count('revoked_at IS NULL')} live")
        if revoked < len(load.ended) or reused:
            load.faults.append(f"member {index}: {revoked} revocations of {len(load.ended)}, {reused} revoked for reuse")


def main():
    # The state transfer refuses to run as root.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="galera"))
    shutil.chown(directory, "mysql")
    try:
        seed(directory)
        members = [member(directory, index, index == 0) for index in range(3)]
        print("cluster of", sql(0, "SHOW STATUS LIKE 'wsrep_cluster_size'").split()[-1], "members,",
              sql(0, "SELECT VERSION()"))
        for index in range(3):
            example(directory, index)
            while "listening" not in (directory / f"example{index}.log").read_text():
                time.sleep(0.1)
        load = Load()
        threads = [threading.Thread(target=load.client, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        time.sleep(SECONDS_OF_LOAD / 3)
        before = len(load.ended)
        members[1].kill()
        print(f"member 1 killed after {before} logouts")
        time.sleep(SECONDS_OF_LOAD * 2 / 3)
        load.over = True
        for thread in threads:
            thread.join()
        time.sleep(2)  # the feed of each example
        judge(load, [0, 2])
        print(f"{len(load.living)} sessions refreshed, {len(load.ended)} logged out, {len(load.faults)} faults")
        print("\n".join(load.faults[:20]))
        return 1 if load.faults or len(load.ended) <= before else 0
    finally:
        for process in STARTED:
            process.kill()
            process.wait()
        if "KEEP" not in os.environ:
            shutil.rmtree(directory, ignore_errors=True)


sys.exit(main())
