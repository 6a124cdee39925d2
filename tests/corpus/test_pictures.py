from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from app.corpus.pictures import decoded
from app.corpus.sources import Item, Locator
from app.errors import NotAnImage, NotFound
from tests.corpus.conftest import picture


def items(folder: Path, count: int, taken: list[int]) -> Iterator[Item]:
    for number in range(count):
        taken.append(number)
        path = folder / f"{number}.png"
        size = path.stat().st_size if path.exists() else 10
        yield Item(path.name, Locator(path.name, 0, size), folder)


def test_pictures_come_in_order_whatever_each_costs(tmp_path: Path) -> None:
    for number in range(40):
        side = 900 if number % 5 == 0 else 8
        picture(number, (side, side + number)).save(tmp_path / f"{number}.png")
    results = list(decoded(items(tmp_path, 40, [])))
    assert [item.key for item, _ in results] == [f"{number}.png" for number in range(40)]
    for number, (_, image) in enumerate(results):
        assert isinstance(image, Image.Image)
        assert image.height - image.width == number


def test_a_bad_picture_comes_with_its_reason_and_stops_nothing(tmp_path: Path) -> None:
    picture(0).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_text("dear diary")
    picture(3).save(tmp_path / "3.png")
    kinds = [type(result) for _, result in decoded(items(tmp_path, 4, []))]
    assert kinds == [Image.Image, NotAnImage, NotFound, Image.Image]


def test_only_a_few_pictures_are_read_ahead(tmp_path: Path) -> None:
    for number in range(500):
        picture(number, (8, 8)).save(tmp_path / f"{number}.png")
    taken: list[int] = []
    stream = decoded(items(tmp_path, 500, taken))
    next(stream)
    assert len(taken) <= 24
    stream.close()
    assert len(taken) <= 24
