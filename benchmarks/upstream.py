"""The static upstream: nginx with one fixed answer, so that the upstream's own cost and jitter are next to nothing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.fixtures import answer_body
from benchmarks.processes import LOAD_CORE, free_port, running, wait_until_up

_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 300s;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    # Six hexadecimal digits that differ from answer to answer.
    map $request_id $reference {{ "~^(?<start>[0-9a-f]{{6}})" $start; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        default_type application/json;
        location = /v1/chat/completions {{ return 200 '{answer}'; }}
        location = /v1/models {{ return 200 '{models}'; }}
        location / {{ return 404 '{{}}'; }}
    }}
}}
"""
_MODELS = '{"object":"list","data":[{"id":"tiny-chat","object":"model","created":1790000000,"owned_by":"vllm"}]}'


@contextmanager
def static_upstream(folder: Path, *, repeat: bool = False) -> Iterator[int]:
    """nginx on the load generator's core; gives its port. `repeat`: the very same answer each time.

    Raises RuntimeError if nginx is not installed.
    """
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        raise RuntimeError("the static upstream is nginx, which is not installed (Debian: apt-get install nginx-light)")
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder, port=port, answer=answer_body("5f20c4" if repeat else "$reference"), models=_MODELS
        )
    )
    log = folder / "nginx.log"
    command = [nginx, "-p", str(folder), "-e", str(folder / "nginx-error.log"), "-c", str(configuration)]
    with running(command, log=log, core=LOAD_CORE) as process:
        wait_until_up(f"http://127.0.0.1:{port}/v1/models", process, log)
        yield port
