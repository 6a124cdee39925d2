"""A render's address is a hash of its spec: it must never change, whatever fields come later."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.spec import PRESETS, RenderSpec, parse_direction

UNIT = {"model": "iconclip", "layer": "layer4.1", "unit": 255}
STEERED = {**UNIT, "facet": "31e636a90cb0e651", "strength": 0.5, "ramp": 3, "seed": 4}


def test_addresses_of_the_first_version_still_hold() -> None:
    assert RenderSpec.model_validate(UNIT).id == "5772e1d9581aecc8"
    assert RenderSpec.model_validate(STEERED).id == "971e817126405023"


def test_a_later_field_makes_another_address_unless_it_is_at_its_default() -> None:
    plain = RenderSpec.model_validate(UNIT)
    against = RenderSpec.model_validate({**UNIT, "aim": "least"})
    assert RenderSpec.model_validate({**UNIT, "aim": "unit"}).id == plain.id != against.id
    assert RenderSpec.parse(against.canonical()) == against
    assert RenderSpec.parse(plain.canonical()) == plain


IDS = ["b193da50c8e71ad3", "edd440afe8ffd60b", "c1b56d5f1700584a", "44352bec70cbf7ce", "712fcef0df96c6b2"]
PLACE = {"model": "iconclip", "layer": "layer4.1"}


def test_addresses_of_what_came_later_hold_too() -> None:
    fields = [
        {"direction": "381 + 0.5*17"},
        {"of": "layer"},
        {"prompt": "a red apple"},
        {"of": "picture", "picture": "ab"},
    ]
    found = [RenderSpec.model_validate({**PLACE, **each}).id for each in fields]
    mixed = RenderSpec.model_validate({**UNIT, "mix": {"31e636a90cb0e651": 1, "c17df70ea7a4501d": -0.5}}).id
    assert [*found, mixed] == IDS


def same(*specs: dict[str, object]) -> bool:
    return len({RenderSpec.model_validate({**PLACE, **each}).id for each in specs}) == 1


def test_one_meaning_has_one_address() -> None:
    assert same({"direction": "381 + 0.5*17"}, {"direction": "0.5*17+381"}, {"direction": {"17": 0.5, "381": 1}})
    assert same({"direction": "381 + 381 - 4 + 4"}, {"direction": [[381, 2]]}, {"direction": "2 * 381"})
    assert same({"prompt": " a  red apple"}, {"of": "prompt", "prompt": "a red apple", "unit": 7, "direction": "3"})
    assert same({"of": "layer", "aim": "least"}, {"of": "layer"})
    assert same({"unit": 3, "facet": "a", "strength": 2}, {"unit": 3, "mix": {"a": 2}})
    both = {"unit": 3, "facet": "b", "strength": 1, "mix": [{"facet": "a", "strength": -1}]}
    assert same(
        both, {"unit": 3, "facet": "a", "strength": -1, "mix": {"b": 1.0}}, {"unit": 3, "mix": {"b": 1, "a": -1}}
    )
    assert same({"unit": 3, "strength": 2, "ramp": 5}, {"unit": 3}), "without a facet there is nothing to strengthen"
    assert not same({"unit": 3, "diversity": 1, "ramp": 5}, {"unit": 3})


@pytest.mark.parametrize(
    "text",
    ["", "5 9", "5 +", "x", "5**9", "0.5*", "1e9*5", "5 - 5", "-", "5;9", "nan*5", " + ".join(map(str, range(65)))],
)
def test_a_direction_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        RenderSpec.model_validate({**PLACE, "of": "direction", "direction": text})


@given(st.text())
def test_any_text_is_a_direction_or_refused(text: str) -> None:
    try:
        terms = parse_direction(text)
    except ValueError:
        return
    assert terms and [unit for unit, _ in terms] == sorted({unit for unit, _ in terms})


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(-5, 5).filter(bool), min_size=1, max_size=6), st.data())
def test_a_mix_is_the_same_in_any_order_and_survives_its_canonical_form(
    mix: dict[str, float], data: st.DataObject
) -> None:
    names = data.draw(st.permutations(list(mix)))
    listed = [{"facet": name, "strength": mix[name]} for name in names]
    spec = RenderSpec.model_validate({**UNIT, "mix": listed})
    assert spec == RenderSpec.model_validate({**UNIT, "mix": mix}) == RenderSpec.parse(spec.canonical())
    assert {pull.facet: pull.strength for pull in spec.pulls} == mix


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_preset_settles_cannot_be_asked_for_otherwise(preset: str) -> None:
    fields = {**UNIT, "facet": "a", "strength": 0.25, "ramp": 2, "form": "paper", "preset": preset, "picture": None}
    if preset == "accentuate":
        fields["picture"] = "ab"
    spec = RenderSpec.model_validate(fields)
    for name, value in PRESETS[preset].fixed.items():
        assert getattr(spec, name) == (RenderSpec.model_fields[name].default if value is None else value)


@pytest.mark.parametrize(
    "fields", [{"mix": 5}, {"mix": "text"}, {"mix": [7]}, {"direction": [[float("inf"), 1]]}, {"direction": [3]}]
)
def test_what_has_another_shape_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RenderSpec.model_validate(
            {**PLACE, "of": "direction" if "direction" in fields else "unit", "unit": 3, **fields}
        )
