"""Value types parsed from URLs, forms and the command line, their canonical JSON, and the ids made from it."""

from app.spec.attack import AttackSearchSpec, AttackSpec, OverlaySpec
from app.spec.attack_table import AttackTableSpec
from app.spec.captions import CaptionsSpec
from app.spec.codes import CodesSpec
from app.spec.composition import CompositionSpec
from app.spec.direction import Direction, parse_direction
from app.spec.findings import FINDINGS, FindingSpec
from app.spec.ids import ID_LENGTH, canonical_json, content_id
from app.spec.presets import PRESETS, Preset
from app.spec.regions import RegionsSpec
from app.spec.render import Aim, Form, Of, Pull, RenderSpec
from app.spec.scopes import SCOPES, KeyScope, rank, widest
from app.spec.stroop import INKS, STROOP_PROMPT, STROOP_WORDS, StroopSpec
from app.spec.table import TABLE_PRESETS, TableSpec
from app.spec.wild import MOST_PHOTOS, WildPhoto, WildSpec
from app.spec.words import WordsSpec

__all__ = [
    "FINDINGS",
    "ID_LENGTH",
    "INKS",
    "MOST_PHOTOS",
    "PRESETS",
    "SCOPES",
    "STROOP_PROMPT",
    "STROOP_WORDS",
    "TABLE_PRESETS",
    "Aim",
    "AttackSearchSpec",
    "AttackSpec",
    "AttackTableSpec",
    "CaptionsSpec",
    "CompositionSpec",
    "CodesSpec",
    "Direction",
    "FindingSpec",
    "Form",
    "KeyScope",
    "Of",
    "OverlaySpec",
    "Preset",
    "Pull",
    "RegionsSpec",
    "RenderSpec",
    "StroopSpec",
    "TableSpec",
    "WildPhoto",
    "WildSpec",
    "WordsSpec",
    "canonical_json",
    "content_id",
    "parse_direction",
    "rank",
    "widest",
]
