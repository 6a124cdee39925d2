"""Reading a Dockerfile, and which files of a checkout `docker build` is given."""

import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path


class Failed(Exception):
    """The container is not what it should be; the message says in what, for a person."""


@dataclass(frozen=True)
class Step:
    """One instruction: its first word, its `--name=value` flags, and what follows them as it is written."""

    word: str
    flags: dict[str, str]
    rest: str

    @property
    def argv(self) -> list[str]:
        """What follows as a command: a JSON list as it is, anything else for the shell."""
        return json.loads(self.rest) if self.rest.startswith("[") else ["/bin/sh", "-c", self.rest]

    def __str__(self) -> str:
        return f"{self.word} {self.rest}"


@dataclass(frozen=True)
class Stage:
    """What follows one FROM."""

    base: str
    name: str
    steps: tuple[Step, ...]


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile, in order. ARG, heredocs and variables outside ENV are not known."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    steps = [_step(line) for line in lines.replace("\\\n", " ").splitlines() if line.strip()]
    starts = [at for at, step in enumerate(steps) if step.word == "FROM"]
    return [_stage(steps[at:end]) for at, end in zip(starts, [*starts[1:], len(steps)], strict=True)]


def _step(line: str) -> Step:
    word, *rest = line.split()
    flags = list(takewhile(lambda each: each.startswith("--"), rest))
    after = line.split(maxsplit=1 + len(flags))[1 + len(flags) :]
    return Step(word.upper(), dict(each[2:].split("=", 1) for each in flags), after[0] if after else "")


def _stage(steps: list[Step]) -> Stage:
    base, *name = re.split(r"\s+as\s+", steps[0].rest, flags=re.IGNORECASE)
    return Stage(base, name[0] if name else "", tuple(steps[1:]))


def health(stage: Stage) -> list[str]:
    """The command of a stage's HEALTHCHECK."""
    (step,) = (step for step in stage.steps if step.word == "HEALTHCHECK")
    return Step("CMD", {}, step.rest.removeprefix("CMD").strip()).argv


def start(stage: Stage) -> list[str]:
    """The command of a stage's CMD."""
    (step,) = (step for step in stage.steps if step.word == "CMD")
    return step.argv


def volumes(stage: Stage) -> list[str]:
    """The folders that a stage's VOLUME lines name."""
    return [
        each
        for step in stage.steps
        if step.word == "VOLUME"
        for each in (json.loads(step.rest) if step.rest.startswith("[") else shlex.split(step.rest))
    ]


def context(checkout: Path) -> list[str]:
    """The files of a checkout that .dockerignore lets through, whether git tracks them or not. Git matches them: its
    patterns are those of Docker once they begin at the root."""
    lines = (line.strip() for line in (checkout / ".dockerignore").read_text().splitlines())
    patterns = [re.sub(r"^(!?)/?", r"\1/", line) for line in lines if line and not line.startswith("#")]
    held_out = [f"--exclude={pattern}" for pattern in patterns]
    untracked = git(checkout, "ls-files", "--others", *held_out)
    kept = set(tracked(checkout)) - set(git(checkout, "ls-files", "--cached", "--ignored", *held_out))
    return sorted({*kept, *untracked})


def tracked(checkout: Path) -> list[str]:
    """The files that git knows, and that are there."""
    return [name for name in git(checkout, "ls-files", "--cached") if (checkout / name).exists()]


def git(checkout: Path, *command: str) -> list[str]:
    """The file names that a git command answers."""
    done = subprocess.run(["git", "-C", checkout, *command, "-z"], check=True, capture_output=True, text=True)
    return list(filter(None, done.stdout.split("\0")))
