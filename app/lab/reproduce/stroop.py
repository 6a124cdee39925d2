"""Does the model read a colour's name or see its ink? Figure 17 of Goh et al. 2021, in its inks, words and prompt."""

from torch import Tensor

from app.lab.reproduce.counts import CountClaim
from app.lab.reproduce.experiment import Experiment, Running
from app.lab.reproduce.material import Material, Step
from app.lab.stroop import PAPERS, answering, ink, outcome
from app.spec import INKS, STROOP_PROMPT, STROOP_WORDS

NEUTRAL = CountClaim("stroop: inks of a neutral word named right", 8, 8, "figure 17")
AS_INK = CountClaim("stroop: colours' names in another ink, answered by the ink", 0, 49, "figure 17")
AS_WORD = CountClaim("stroop: the same, answered by the word", 49, 49, "figure 17")


def run(material: Material) -> Running:
    """Show the model every word in every ink."""
    clip, found = material.need_clip(), None
    for found in answering(clip, [ink(name) for name in INKS], STROOP_WORDS, STROOP_PROMPT, PAPERS["white"]):
        if not isinstance(found, Tensor):
            yield Step("words in inks", *found)
    assert isinstance(found, Tensor)
    answers = [[INKS[place] for place in row] for row in found.argmax(-1).tolist()]
    counted, slug = outcome(INKS, STROOP_WORDS, answers), material.slug
    return [
        NEUTRAL.row(slug, counted.neutral_right, counted.neutral),
        AS_INK.row(slug, counted.as_ink, counted.incongruent),
        AS_WORD.row(slug, counted.as_word, counted.incongruent),
    ]


EXPERIMENT = Experiment((NEUTRAL, AS_INK, AS_WORD), run, compares=True)
