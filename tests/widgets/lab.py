"""A JupyterLab of one's own, with a kernel that can be asked and a page that can be looked at."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN = "lesson"


def notebook(sources):
    """A notebook of code cells, not run yet."""
    cells = [
        {
            "cell_type": "code", "execution_count": None, "id": f"cell-{i:02d}",
            "metadata": {}, "outputs": [], "source": source,
        }
        for i, source in enumerate(sources)
    ]  # fmt: skip
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


@dataclass
class Lab:
    """A running server."""

    port: int
    folder: Path  # its notebooks
    runtime: Path  # where its kernels leave their connection files

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/lab/tree/{name}?token={TOKEN}&reset"

    def get(self, path):
        address = f"http://127.0.0.1:{self.port}/{path}?token={TOKEN}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)

    @contextlib.contextmanager
    def kernel(self, name):
        """Ask the kernel of a notebook: yields ask(expression) -> value."""
        from jupyter_client import BlockingKernelClient

        session = next(s for s in self.get("api/sessions") if s["path"] == name)
        client = BlockingKernelClient()
        client.load_connection_file(str(self.runtime / f"kernel-{session['kernel']['id']}.json"))
        client.start_channels()
        client.wait_for_ready(timeout=20)

        def ask(expression):
            wrapped = {"value": f"__import__('json').dumps({expression})"}
            reply = client.execute("", user_expressions=wrapped, reply=True, timeout=30)
            found = reply["content"]["user_expressions"]["value"]
            assert found["status"] == "ok", found
            return json.loads(eval(found["data"]["text/plain"]))  # the repr of a str

        try:
            yield ask
        finally:
            client.stop_channels()


@contextlib.contextmanager
def serve(folder: Path) -> Any:
    """Run JupyterLab in `folder` with settings of its own, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = folder.parent / "jupyter"
    places = {name: home / name for name in ("config", "runtime", "data", "ipython")}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(places["config"]),
        "JUPYTER_RUNTIME_DIR": str(places["runtime"]),
        "JUPYTER_DATA_DIR": str(places["data"]),
        "IPYTHONDIR": str(places["ipython"]),
        "JUKEBOX_EDU_QUIET": "1",
        "OMP_NUM_THREADS": "1",
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser",
        "--allow-root", f"--port={port}", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        lab = Lab(port, folder, places["runtime"])
        try:
            _wait_for(lab, server, home / "server.log")
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(lab, server, log):
    last = time.monotonic() + 60
    while True:
        try:
            lab.get("api/status")
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > last:
                raise RuntimeError(log.read_text()[-2000:]) from None
            time.sleep(0.1)
