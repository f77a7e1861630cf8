"""`python steps.py requests|httpx|aiohttp BASE CA`: the steps of `interop/clients.py`."""
import asyncio
import json
import ssl
import sys

LOGIN = {"username": "demo", "password": "correct horse battery", "remember": True}
STEPS = [
    ("POST", "/api/auth/token/", LOGIN), ("GET", "/api/me", None), ("POST", "/api/auth/token/refresh/", None),
    ("GET", "/api/me", None), ("POST", "/api/auth/logout/", None), ("GET", "/api/me", None),
]


def by_requests(base, ca):
    import requests

    session = requests.Session()
    session.verify, session.trust_env = ca, False  # or REQUESTS_CA_BUNDLE would win
    return [session.request(method, base + path, json=body).status_code for method, path, body in STEPS]


def by_httpx(base, ca):
    import httpx

    with httpx.Client(verify=ssl.create_default_context(cafile=ca)) as client:
        return [client.request(method, base + path, json=body).status_code for method, path, body in STEPS]


def by_aiohttp(base, ca):
    import aiohttp

    async def walk():
        connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=ca))
        async with aiohttp.ClientSession(connector=connector) as client:
            statuses = []
            for method, path, body in STEPS:
                async with client.request(method, base + path, json=body) as response:
                    statuses.append(response.status)
            return statuses

    return asyncio.run(walk())


client, base, ca = sys.argv[1:]
print(json.dumps({"requests": by_requests, "httpx": by_httpx, "aiohttp": by_aiohttp}[client](base, ca)))
