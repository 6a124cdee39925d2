"""How alike are two drawn words? "Image-based word embedding" in Goh et al. 2021 gives two cosines of RN50x4: of `Terrorist`
and `Muslims` with the mean over words subtracted, of `Terrorism` and `Muslim` without. Fonts and places are not published."""

from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material
from app.lab.reproduce.row import Figure, Row
from app.lab.top_words import WordDrive, driving
from app.lab.word_vectors import cosines

MODEL = "RN50x4"
CENTRED, PLAIN = ("terrorist", "muslims"), ("terrorism", "muslim")
BEYOND = Figure("published cosines: terrorist and muslims, less the average word", 0.52, 0.15, "0.52", ".2f")
WHOLE = Figure("published cosines: terrorism and muslim, as they are", 0.98, 0.04, "0.98", ".2f")


def run(material: Material) -> Running:
    """Draw the four words, in small letters as on the list of words, and as they are written in the article."""
    clip = material.need_published(MODEL)
    words = yield from material.drive()
    small = [*CENTRED, *PLAIN]
    *_, drawn = driving(clip, [*small, *(word.capitalize() for word in small)], clip.default_layer)
    assert isinstance(drawn, WordDrive)
    return rows(drawn, words)


def rows(drawn: WordDrive, words: WordDrive) -> list[Row]:
    """The cosines of the two pairs; `words` give the average word."""
    values, mean = drawn.values.double().numpy(), words.mean.double().numpy()
    beyond, plain = cosines(list(values - mean)), cosines(list(values))
    said = f"in capitals {{:.2f}}; the average is over {len(words.words):,} words"
    return [
        BEYOND.row(float(beyond[0, 1]), said.format(beyond[4, 5]), {"capitals": float(beyond[4, 5])}),
        WHOLE.row(float(plain[2, 3]), f"in capitals {plain[6, 7]:.2f}", {"capitals": float(plain[6, 7])}),
    ]


EXPERIMENT = Experiment((BEYOND, WHOLE), run, compares=True)
