"""Drawn words as pages and files show them."""

import csv
import io

import numpy as np
from numpy.typing import NDArray

from app import urls
from app.answers.words import Drawn, DrivenWord, UnitWordsFile
from app.corpus.listing import harmless
from app.lab.word_file import Ranked, WordFile


def ranked_words(
    ranked: Ranked, places: NDArray[np.int64], first: int, *, step: int = 1, centred: bool = False
) -> list[DrivenWord]:
    """Words of a unit by their places in its file, ranked from `first` on; `centred`, beyond what the average word does."""
    mean, std = ranked.mean, ranked.std or 1.0
    return [
        DrivenWord(
            word=ranked.words[place],
            rank=first + number * step,
            activation=float(ranked.values[place]) - (mean if centred else 0.0),
            sd=(float(ranked.values[place]) - mean) / std,
        )
        for number, place in enumerate(places.tolist())
    ]


def drawn(finding_id: str, file: WordFile, word: str) -> Drawn:
    """How the words of a file were drawn, with one of them to show it."""
    return Drawn(
        fonts=[font.name for font in file.renderings.fonts],
        layouts=[layout.said for layout in file.renderings.layouts],
        word=word,
        picture=urls.word_sheet(finding_id, word),
    )


def as_csv(page: UnitWordsFile) -> bytes:
    """The words of a unit as a table."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["rank", "word", "activation", "sd"])
    writer.writerows([each.rank, harmless(each.word), each.activation, each.sd] for each in page.words)
    return text.getvalue().encode()
