import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from app.clip.clip import Clip
from app.errors import BadInput, NotReady
from app.lab import linear
from app.lab.classes import Classes, best, class_texts, zero_shot
from app.lab.linear import LinearProbe, fitting


def test_zero_shot_is_the_models_own_softmax(tiny_clip: Clip) -> None:
    rgb = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    names = ("cat", "dog", "boat")
    found = zero_shot(tiny_clip, rgb, class_texts(tiny_clip, Classes(names)))
    with torch.no_grad():
        images = tiny_clip.module.encode_image(tiny_clip.normalize(rgb), normalize=True)
        tokens = tiny_clip.tokenize([f"a photo of a {name}" for name in names])
        texts = tiny_clip.module.encode_text(tokens, normalize=True)
        expected = (tiny_clip.module.logit_scale.exp() * images @ texts.T).softmax(-1)
    torch.testing.assert_close(found, expected)


def test_a_class_is_the_mean_of_its_prompts(tiny_clip: Clip) -> None:
    one = class_texts(tiny_clip, Classes(("cat", "dog"), ("a {}",)))
    other = class_texts(tiny_clip, Classes(("cat", "dog"), ("the {}",)))
    both = class_texts(tiny_clip, Classes(("cat", "dog"), ("a {}", "the {}")))
    torch.testing.assert_close(both, torch.nn.functional.normalize(one + other, dim=-1))


def test_the_likeliest_come_first() -> None:
    assert [name for name, _ in best(torch.tensor([0.2, 0.5, 0.3]), ("a", "b", "c"), 2)] == ["b", "c"]


@pytest.mark.parametrize(
    ("names", "prompt", "field"), [(("one",), "a {}", "classes"), (("a", "b"), "a photo", "prompt")]
)
def test_classes_say_what_is_wrong(names: tuple[str, ...], prompt: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        Classes(names, (prompt,))
    assert refused.value.field == field


@pytest.mark.parametrize("numbers_at_once", [linear.NUMBERS_AT_ONCE, 1])
def test_the_probe_is_scikit_learns_logistic_regression(monkeypatch: pytest.MonkeyPatch, numbers_at_once: int) -> None:
    monkeypatch.setattr(linear, "NUMBERS_AT_ONCE", numbers_at_once)  # how many passes a step has
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 240)
    values = (rng.normal(size=(240, 12)) * 3 + 5 + 2 * labels[:, None] * rng.normal(size=12)).astype(np.float32)
    values[:, 4] = 1.5  # a unit that is always the same
    first, *_, probe = fitting(values, labels, ("a", "b", "c"), penalty=1e-2)
    assert first == (1 if numbers_at_once == 1 else linear.PASSES_AT_ONCE, linear.PASSES)
    assert isinstance(probe, LinearProbe)
    std = values.std(0)
    std[4] = np.inf
    known = LogisticRegression(C=1 / (1e-2 * 240), tol=1e-8, max_iter=5000).fit((values - values.mean(0)) / std, labels)
    expected = known.predict_proba((values - values.mean(0)) / std)
    np.testing.assert_allclose(probe.probabilities(torch.from_numpy(values)).numpy(), expected, atol=1e-3)


def test_a_probe_needs_two_classes() -> None:
    with pytest.raises(NotReady):
        next(fitting(np.zeros((4, 2), np.float32), np.zeros(4, int), ("a", "b")))
