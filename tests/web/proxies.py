"""nginx and Caddy, set up by the very examples of docs/operating.md, and visitors that ask them by curl."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from app.settings import ROOT
from tests.browser.server import free_port

OPERATING = (ROOT / "docs" / "operating.md").read_text()
SITE = "facets.example.org"
WAIT_S = 60.0

NGINX = """
daemon off;
{user}
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
    access_log off;
    gzip on;  # as in Debian's nginx.conf
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/site.conf;
}}
"""

CADDY = """{{
    admin off
    default_bind 127.0.0.1
    auto_https disable_redirects  # they would take another port
    https_port {port}
    local_certs
    skip_install_trust
    storage file_system {folder}
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A proxy that listens on a port in place of 443."""

    port: int
    authority: Path
    """The certificate that visitors are to trust."""


@dataclass(frozen=True)
class Visitor:
    """Somebody at an address of this computer's own network."""

    proxy: Proxy
    address: str

    def command(self, url: str, *options: str) -> list[str]:
        """How curl asks for an address of the site, or of another."""
        curl = ["curl", "--silent", "--show-error", "--http2", "--max-time", "100", "--noproxy", "*"]
        there = ["--connect-to", f"::127.0.0.1:{self.proxy.port}", "--interface", self.address]
        url = f"https://{SITE}{url}" if url.startswith("/") else url
        return [*curl, *there, "--cacert", str(self.proxy.authority), *options, url]

    def ask(self, url: str, *options: str, **headers: str) -> httpx.Response:
        """What is answered; an underscore in a header's name is a dash."""
        sent = [part for name, value in headers.items() for part in ("-H", f"{name.replace('_', '-')}: {value}")]
        done = subprocess.run(self.command(url, "--include", *sent, *options), capture_output=True)
        if not done.stdout:
            raise httpx.ConnectError(done.stderr.decode())
        return _parsed(done.stdout)

    def post(self, url: str, fields: Mapping[str, str | int], **headers: str) -> httpx.Response:
        """Send a form."""
        return self.ask(url, "--data", urlencode(fields), **headers)


def _parsed(text: bytes) -> httpx.Response:
    head, _, body = text.partition(b"\r\n\r\n")
    first, *lines = head.decode().splitlines()
    version, status = first.split()[:2]
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(int(status), headers=headers, content=body, extensions={"http_version": version.encode()})


def example(language: str) -> str:
    """The one configuration in the document that is written in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", OPERATING, re.DOTALL | re.MULTILINE)
    return found


def allowed_hosts() -> str:
    """What the document says that FACETSCOPE_ALLOWED_HOSTS is to be."""
    (found,) = re.findall(r'`FACETSCOPE_ALLOWED_HOSTS="(.*?)"`', OPERATING)
    return found


def changed(text: str, to: Mapping[str, str]) -> str:
    """The text with some parts replaced, all of which have to be there."""
    for old, new in to.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def require(*programs: str) -> None:
    """Skip the test where a program is missing, or where this computer has only one address of its own."""
    for program in programs:
        if found_at(program) is None:
            pytest.skip(f"{program} is not installed, so nothing was tried behind it: install the package {program}")
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.2", 0))
    except OSError:
        pytest.skip("this computer has no address 127.0.0.2, so there can be no two visitors")


def found_at(program: str) -> str | None:
    """The path of a program, also of one that only root has in its path."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")


@contextmanager
def nginx(folder: Path, upstream: str, host: str = "$host") -> Iterator[Proxy]:
    """nginx by the document's example, before `upstream` (host:port).

    Args:
        host: The variable that is passed on as Host.
    """
    require("nginx", "openssl", "curl")
    port = free_port()
    folder.mkdir()
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    made_for = ["-subj", f"/CN={SITE}", "-addext", f"subjectAltName=DNS:{SITE}", "-days", "2"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-x509"]
    paths = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *curve, *made_for, *paths], check=True, capture_output=True)
    where = {
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        f"/etc/letsencrypt/live/{SITE}/": f"{folder}/",
        "/var/cache/": f"{folder}/",
        "127.0.0.1:8000": upstream,
        "Host $host;": f"Host {host};",
    }
    (folder / "site.conf").write_text(changed(example("nginx"), where))
    user = "user root;" if os.geteuid() == 0 else ""  # else the workers could not read the folder
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user))
    command = [str(found_at("nginx")), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    proxy = Proxy(port, certificate)
    with _running(command, proxy, folder):
        yield proxy


@contextmanager
def caddy(folder: Path, upstream: str) -> Iterator[Proxy]:
    """Caddy by the document's example, with certificates that it makes itself, before `upstream` (host:port)."""
    require("caddy", "curl")
    port = free_port()
    folder.mkdir()
    options = CADDY.format(folder=folder, port=port)
    (folder / "Caddyfile").write_text(options + changed(example("caddyfile"), {"127.0.0.1:8000": upstream}))
    command = [str(found_at("caddy")), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    proxy = Proxy(port, folder / "pki" / "authorities" / "local" / "root.crt")
    with _running(command, proxy, folder):
        yield proxy


@contextmanager
def _running(command: list[str], proxy: Proxy, folder: Path) -> Iterator[None]:
    """A proxy's program, from when it shows the site's certificate; it has no other home than its folder."""
    own = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    said = folder / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **own})
    try:
        deadline = time.monotonic() + WAIT_S
        while not _is_ready(proxy):
            assert process.poll() is None and time.monotonic() < deadline, said.read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=WAIT_S)


def _is_ready(proxy: Proxy) -> bool:
    try:
        trusting = ssl.create_default_context(cafile=proxy.authority)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=WAIT_S) as connection:
            trusting.wrap_socket(connection, server_hostname=SITE).close()
    except (OSError, ssl.SSLError):  # it does not listen, or has no certificate yet
        return False
    return True
