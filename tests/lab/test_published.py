"""What the paper published of its units, as we ship it."""

from app.lab.published import feelings, published


def test_all_units_of_the_papers_model_have_their_words() -> None:
    units = published("RN50x4.openai", "layer4.5")
    assert sorted(units) == list(range(2560))
    assert all(unit.words for unit in units.values())
    assert sum(bool(unit.label) for unit in units.values()) == 317


def test_units_that_the_paper_tells_of_are_found_under_their_names() -> None:
    units = published("RN50x4.openai", "layer4.5")
    assert "spider" in units[244].label.lower()
    assert "cat" in " ".join(units[289].words)
    assert units[91].families == ("emotion",)
    assert units[91].captions[0].startswith("in a deep sleep")


def test_other_models_and_layers_have_nothing_published() -> None:
    assert published("RN50x4.openai", "layer3.9") == {}
    assert published("tiny", "layer4.0") == {}
    assert len(published("RN101.openai", "layer4.2")) == 65


def test_the_feelings_are_the_wheels() -> None:
    words = feelings()
    assert len(words) == len(set(words)) == 126
    assert {"let down", "out of control", "surprised"} < set(words)
