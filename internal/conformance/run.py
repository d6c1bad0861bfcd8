"""Compares a server with docs/openapi.yaml, from outside: two generated clients run a flow
(flow.py, flow.ts), two clients of tus upload files (upload.py, upload.ts), unmodified Socket.IO
clients run a story (story.py, story.js), then schemathesis sends what the document allows and
what it does not.

Usage: run.py PARLEY SECONDS. The exit code is 0 if nothing was found.
"""

import contextlib
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time

import requests

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
DOCUMENT = ROOT / "docs" / "openapi.yaml"
TOOLS = pathlib.Path(sys.executable).parent  # of the virtual environment
# Budgets would answer 429 to most of what is sent here.
FLAGS = ["--registration=open", "--limit-anonymous=off", "--limit-user=off", "--limit-posts=off", "--limit-chats=1000000"]


def main() -> None:
    parley, seconds = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as work, server(parley, pathlib.Path(work)) as (url, setup):
        run_python_client(url, pathlib.Path(work))
        run_typescript_client(url)
        run_socketio_clients(url)
        run_schemathesis(url, setup, seconds, pathlib.Path(work))
    print("conformance: nothing found")


@contextlib.contextmanager
def server(parley: pathlib.Path, work: pathlib.Path):
    """Runs a new server and yields its URL and its setup code."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % free.getsockname()[1]
    url, store = "http://" + address, "--store=sqlite:%s" % (work / "parley.db")
    with (work / "log").open("wb") as log:
        process = subprocess.Popen([parley, "--listen", address, store, *FLAGS], stdout=log, stderr=log)
        try:
            await_ready(url, process)
            link = subprocess.run([parley, "owner-link", "--listen", address, store], check=True, capture_output=True, text=True)
            yield url, link.stdout.strip().split("#setup=")[1]
            if process.poll() is not None:
                sys.exit("the server has ended: " + (work / "log").read_text()[-2000:])
        finally:
            process.terminate()
            process.wait()


def await_ready(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(url + "/readyz", timeout=5).ok:
                return
        time.sleep(0.05)
    sys.exit("the server does not get ready")


def run_python_client(url: str, work: pathlib.Path) -> None:
    path = os.pathsep.join([str(TOOLS), os.environ["PATH"]])  # the generator formats with ruff
    run(TOOLS / "openapi-python-client", "generate", "--path", DOCUMENT, "--meta", "none", "--output-path", work / "parley_client", PATH=path)
    run(sys.executable, HERE / "flow.py", url, PYTHONPATH=str(work))
    run(sys.executable, HERE / "upload.py", url)


def run_typescript_client(url: str) -> None:
    run("npx", "--no-install", "openapi-typescript", DOCUMENT, "-o", "build/api.d.ts")
    run("npx", "--no-install", "tsc")
    run("node", "build/flow.js", url)
    run("node", "build/upload.js", url)


def run_socketio_clients(url: str) -> None:
    run("node", "story.js", url)
    run(sys.executable, HERE / "story.py", url)


def run(*command, **environment: str) -> None:
    """Runs a command in this folder; its output is shown only if it fails."""
    done = subprocess.run(command, cwd=HERE, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        print(done.stdout)
        sys.exit(f"conformance: {' '.join(map(str, command))} failed")


def run_schemathesis(url: str, setup: str, seconds: int, work: pathlib.Path) -> None:
    password = secrets.token_urlsafe(16)
    owner = call(url, "", "POST", "/api/accounts", handle="owner", name="Owner", password=password, setup=setup)
    other = call(url, "", "POST", "/api/accounts", handle="other", name="Other", password=secrets.token_urlsafe(16))
    members = [other["user"]["id"]]
    group = call(url, owner["token"], "POST", "/api/chats", clientId="group", kind="group", title="Group", members=members)["chat"]["id"]
    for n in range(3):
        call(url, owner["token"], "POST", f"/api/chats/{group}/messages", clientId=f"m{n}", text="a message")
    invite = call(url, owner["token"], "POST", "/api/invites", chatId=group, uses=100_000)
    env = {**os.environ, "CONFORMANCE_URL": url, "CONFORMANCE_PASSWORD": password, "CONFORMANCE_CHAT": group,
           "CONFORMANCE_OTHER": members[0], "CONFORMANCE_INVITE": invite["invite"]["id"],
           "CONFORMANCE_CODE": invite["url"].split("#invite=")[1]}
    command = [TOOLS / "st", "--config-file", HERE / "schemathesis.toml", "--no-color", "run", DOCUMENT, "--url", url, "--checks", "all",
               "--max-time", str(seconds), "--continue-on-failure", "--request-timeout", "60", "--generation-database", "none"]
    if subprocess.run(command, env=env, cwd=HERE).returncode != 0:
        sys.exit("conformance: schemathesis has found something")


def call(url: str, token: str, method: str, path: str, **body):
    answer = requests.request(method, url + path, json=body, headers={"Authorization": "Bearer " + token} if token else {}, timeout=30)
    answer.raise_for_status()
    return answer.json()


if __name__ == "__main__":
    main()
