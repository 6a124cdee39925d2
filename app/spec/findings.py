"""All kinds of findings."""

from app.spec.attack import AttackSearchSpec, AttackSpec
from app.spec.attack_table import AttackTableSpec
from app.spec.captions import CaptionsSpec
from app.spec.codes import CodesSpec
from app.spec.composition import CompositionSpec
from app.spec.regions import RegionsSpec
from app.spec.stroop import StroopSpec
from app.spec.wild import WildSpec
from app.spec.words import WordsSpec

FindingSpec = (
    AttackSpec
    | AttackSearchSpec
    | AttackTableSpec
    | CaptionsSpec
    | CodesSpec
    | CompositionSpec
    | RegionsSpec
    | StroopSpec
    | WildSpec
    | WordsSpec
)
"""What determines a finding: the result of an instrument other than a render."""

FINDINGS: dict[str, type[FindingSpec]] = {
    "attack": AttackSpec,
    "attack_search": AttackSearchSpec,
    "attack_table": AttackTableSpec,
    "captions": CaptionsSpec,
    "codes": CodesSpec,
    "composition": CompositionSpec,
    "regions": RegionsSpec,
    "stroop": StroopSpec,
    "wild": WildSpec,
    "words": WordsSpec,
}
"""The specs by the kind of finding."""
