"""An image as it grows: a folder that becomes the root of each command, and what ENV, USER and WORKDIR said so far."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from bench.container.dockerfile import Failed, Step

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
MARKS = {"EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "VOLUME", "CMD"}  # they change no file
SYSTEM = """
mount -t proc proc "$1/proc"
mount -t sysfs -o ro sysfs "$1/sys"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$1/dev/shm"
"""  # /dev/shm is as small as Docker's
IN = """exec chroot --userspec="$2" "$1" /usr/bin/env -C "$3" "${@:4}" """


@dataclass
class Image:
    """`root` holds its files. Commands run in namespaces of their own: their mounts and processes end with them."""

    root: Path
    env: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    )
    user: str = "root"
    workdir: str = "/"

    def follow(self, step: Step, sources: Mapping[str, "Image"], checkout: Path, context: list[str]) -> None:
        """Do one step. `sources` are the stages so far; `context` the files of the checkout. Raises Failed."""
        match step.word:
            case "RUN":
                self._run(step.argv)
            case "COPY":
                self._copy(step, sources, checkout, context)
            case "WORKDIR":
                self.workdir = str(Path(self.workdir) / step.rest)
                self.at(self.workdir).mkdir(parents=True, exist_ok=True)
            case "ENV":
                for name, _, value in (each.partition("=") for each in shlex.split(step.rest)):
                    self.env[name] = Template(value).safe_substitute(self.env)
            case "USER":
                self.user = step.rest
            case word if word not in MARKS:
                raise Failed(f"The Dockerfile says {word}, which this proof does not know yet.")

    def at(self, path: str) -> Path:
        """Where a path of the image, from its WORKDIR, is on this machine."""
        return self.root / str(Path(self.workdir) / path).lstrip("/")

    def identity(self) -> tuple[int, int, str]:
        """The number, group and home of USER, by the image's own /etc/passwd."""
        for line in (self.root / "etc/passwd").read_text().splitlines():
            name, _, uid, gid, _, home, _ = line.split(":")
            if self.user in (name, uid):
                return int(uid), int(gid), home
        raise Failed(f"The image has no user {self.user}.")

    def variables(self) -> dict[str, str]:
        """The environment of a command in the image."""
        return self.env | {"HOME": self.identity()[2]}

    def _run(self, argv: list[str]) -> None:
        uid, gid, _ = self.identity()
        env, mounts = self.variables(), SYSTEM
        if "SSL_CERT_FILE" in os.environ:  # a network with a certificate of its own: lent while building, not kept
            mounts += f'mount --bind "$SSL_CERT_FILE" "$1{CERTIFICATES}"; export SSL_CERT_FILE={CERTIFICATES}\n'
            env["SSL_CERT_FILE"] = os.environ["SSL_CERT_FILE"]
        script = ["bash", "-ec", mounts + IN, "bash", self.root, f"{uid}:{gid}", self.workdir, *argv]
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", *script], env=env)
        if done.returncode:
            raise Failed(f"It ended with exit code {done.returncode}.")

    def _copy(self, step: Step, sources: Mapping[str, "Image"], checkout: Path, context: list[str]) -> None:
        *names, into = shlex.split(step.rest)
        source = step.flags.get("from", "")
        target = self.at(into)
        as_folder = into.endswith("/") or len(names) > 1
        for name in names:
            if source in sources:
                _whole(sources[source].at(name), target)
            elif source:
                _tool(source, name, target)
            else:
                _from_checkout(checkout, context, name, target / Path(name).name if as_folder else target)


def _whole(here: Path, target: Path) -> None:
    subprocess.run(["cp", "--archive", "--no-target-directory", here, target], check=True)


def _tool(image: str, name: str, target: Path) -> None:
    """A program that the Dockerfile takes from an image of its own: ours of the same version stands for it."""
    program = Path(name).name
    here = os.environ.get(program.upper()) or shutil.which(program)
    version = image.rpartition(":")[2]
    said = subprocess.run([here, "--version"], check=True, capture_output=True, text=True).stdout if here else "nothing"
    if not here or version not in said.split():
        raise Failed(f"The Dockerfile wants {program} {version}, and here is {said.strip()}.")
    shutil.copy(here, target)


def _from_checkout(checkout: Path, context: list[str], name: str, target: Path) -> None:
    files = [each for each in context if each == name or each.startswith(f"{name.rstrip('/')}/")]
    if not files:
        raise Failed(f"There is no {name} in the checkout, or .dockerignore holds it out.")
    for each in files:
        to = target / Path(each).relative_to(name)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / each, to)
