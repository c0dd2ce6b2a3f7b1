"""nginx, as three gateways on one port: an outage, a proxy that buffers and a proxy that passes everything on."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from support.gateway.servers import HOST
from support.referees.lab.gateway import listening_socket, run_gateway

PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
"""Debian has it in a folder that is not on everyone's PATH."""
OUTAGE, LOADING, BUFFERING, PASSING = "/outage", "/loading", "/buffering", "/passing"
"""The prefixes of its gateways."""
_LOADING = '{"error":{"message":"Loading model","type":"unavailable_error","code":503}}'


@contextlib.contextmanager
def run_nginx(home: Path, upstream_url: str) -> Iterator[str]:
    """Run nginx before an upstream while the block runs; yield the base URL that the prefixes follow."""
    assert PROGRAM is not None
    with listening_socket() as listening:
        port = listening.getsockname()[1]
        config = home / "nginx.conf"
        config.write_text(_CONFIG.format(home=home, host=HOST, port=port, upstream=upstream_url), "utf-8")
        command = [PROGRAM, "-p", home, "-e", home / "log", "-c", config]
        inherited = {"NGINX": f"{listening.fileno()};"}  # so it takes over sockets, as in an upgrade without a pause
        with run_gateway(command, listening, home, "/ready", inherited) as base_url:
            yield base_url


_CONFIG = (
    """\
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/client;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen {host}:{port};
        location = /ready {{ return 200; }}
        location /outage/ {{ return 502; }}
        location /loading/ {{
            default_type application/json;
            return 503 '"""
    + _LOADING.replace("{", "{{").replace("}", "}}")
    + """';
        }}
        location /buffering/ {{
            proxy_pass {upstream}/;
            proxy_buffering on;
        }}
        location /passing/ {{
            proxy_pass {upstream}/;
            proxy_buffering off;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""
)
