"""What the name of a photo says that it shows, and which class a name means."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

BLANK = ("", "blank", "none")
_ROUND = re.compile(r"^\d+_")


def of_file(name: str) -> tuple[str, str]:
    """Object and label from a file's name, `apple-ipod.jpg`: what stands before and after its last hyphen; a label of
    `BLANK`, or none, is the empty one. Underscores are spaces, and the number of a round before the first is left out:
    `2_cash_machine-dog.jpg` is a cash machine with the label dog."""
    stem = _ROUND.sub("", PurePath(name.replace("\\", "/")).stem)
    thing, hyphen, label = stem.rpartition("-") if "-" in stem else (stem, "", "")
    return _tidy(thing), label_of(label)


def label_of(text: str) -> str:
    """What is written on an object, from what somebody typed: empty for the words that say that there is nothing."""
    label = _tidy(text)
    return "" if label.casefold() in BLANK else label


def _tidy(text: str) -> str:
    return " ".join(text.replace("_", " ").split())


def meaning(name: str, classes: Sequence[str], said: Mapping[str, str] | None = None) -> int | None:
    """The place of the class that a name means: the one that somebody said, else the class of that name, whatever its case,
    else the only class that has the name among its words (`mug`: coffee mug). None where there is no such class. The names
    of `said` are in lower case."""
    wanted = _words((said or {}).get(name.casefold(), name))
    each = [_words(known) for known in classes]
    if wanted in each:
        return each.index(wanted)
    among = [place for place, known in enumerate(each) if f" {wanted} " in f" {known} "]
    return among[0] if wanted and len(among) == 1 else None


def _words(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.casefold()))


@dataclass(frozen=True)
class Named:
    """Classes that there is one for every name among: `meant` is the class of each name, `added` are those that were none."""

    classes: tuple[str, ...]
    meant: dict[str, str]
    added: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str], classes: Sequence[str], said: Mapping[str, str] | None = None) -> "Named":
        """Find every name's class; a name without one becomes a class of its own, under what somebody said it is called."""
        meant: dict[str, str] = {}
        added: dict[str, str] = {}
        for name in dict.fromkeys(names):
            place, called = meaning(name, classes, said), (said or {}).get(name.casefold(), name)
            meant[name] = classes[place] if place is not None else added.setdefault(called.casefold(), called)
        return cls((*classes, *added.values()), meant, tuple(added.values()))
