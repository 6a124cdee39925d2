"""A render's address is a hash of its spec: it must never change, whatever fields come later."""

from app.spec import RenderSpec

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
