"""All kinds of findings."""

from app.spec.captions import CaptionsSpec
from app.spec.regions import RegionsSpec
from app.spec.words import WordsSpec

FindingSpec = CaptionsSpec | RegionsSpec | WordsSpec
"""What determines a finding: the result of an instrument other than a render."""

FINDINGS: dict[str, type[FindingSpec]] = {"captions": CaptionsSpec, "regions": RegionsSpec, "words": WordsSpec}
"""The specs by the kind of finding."""
