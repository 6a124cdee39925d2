"""Does the unit that a word asks for most raise the word's logit? The experiment of `app/lab/reproduce/causal.py` on the model
that comes with Facetscope: for every concept that its corpus records, beside other units raised instead.
"""

from app.lab.reproduce.causal import CLEAR, OTHERS, RAISED, run
from app.microscope import Microscope
from app.microscope.reproduction import material
from app.settings import Settings
from bench.rows import Row, Tell

SLUG = "iconclip"


def measure(tell: Tell) -> list[Row]:
    """Raise the top unit of every word.

    Raises:
        NotReady: the corpus does not record what its images show.
    """
    microscope = Microscope(Settings(models=(SLUG,)))
    try:
        steps = run(material(microscope, None, reference=None, words=0, units=None))
        while True:
            try:
                step = next(steps)
            except StopIteration as ended:
                up, clear = ended.value
                break
            tell(f"{step.done} of {step.total} {step.what}")
    finally:
        microscope.close()
    instead = f"{OTHERS} units drawn by chance"
    return [
        Row("causal.up", up.figures["share"], "share of words whose logit rises", RAISED.at_least, up.measured),
        Row("causal.up.instead", up.figures["shuffled"], "share", RAISED.at_most, instead, most=True),
        Row("causal.clear", clear.figures["share"], "share", CLEAR.at_least, clear.measured),
    ]
