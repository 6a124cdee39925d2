"""What is behind the things: plain colours, gradients, stripes, noise, and simple scenes."""

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image

from app.demo.paint import SIDE, Colour, any_colour

SHEETS = 48
_ROWS, _COLUMNS = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)


def _flat(colour: Colour) -> np.ndarray:
    return np.broadcast_to(np.array(colour, np.uint8), (SIDE, SIDE, 3)).copy()


def _mix(low: Colour, high: Colour, share: np.ndarray) -> np.ndarray:
    """Blend two colours by share (64, 64) in 0..1."""
    low_, high_ = np.array(low, np.float32), np.array(high, np.float32)
    return (low_ + (high_ - low_) * share[..., None]).astype(np.uint8)


def _ramp(angle: float) -> np.ndarray:
    along = _COLUMNS * np.cos(angle) + _ROWS * np.sin(angle)
    return (along - along.min()) / (np.ptp(along) + 1e-6)


class Scenery:
    """Backgrounds drawn from one bank of noise sheets, so that a picture needs no random array of its own."""

    def __init__(self, seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        self._noise = [self._sheet(generator, int(cells)) for cells in generator.choice([4, 8, 16, 64], SHEETS)]

    @staticmethod
    def _sheet(generator: np.random.Generator, cells: int) -> np.ndarray:
        small = Image.fromarray(generator.integers(0, 256, (cells, cells), dtype=np.uint8))
        big = small.resize((2 * SIDE, 2 * SIDE), Image.Resampling.BICUBIC)
        return np.asarray(big, dtype=np.float32) / 255

    def noise(self, random: Random) -> np.ndarray:
        """A crop (64, 64) in 0..1 of a random sheet."""
        row, column = random.randrange(SIDE), random.randrange(SIDE)
        return self._noise[random.randrange(SHEETS)][row : row + SIDE, column : column + SIDE]

    def plain(self, random: Random) -> np.ndarray:
        """One colour, white or near-white in two of five."""
        if random.random() < 0.4:
            grey = random.randrange(225, 256)
            return _flat((grey, grey, grey))
        return _flat(any_colour(random))

    def gradient(self, random: Random) -> np.ndarray:
        """Two colours from one side to the other."""
        return _mix(any_colour(random), any_colour(random), _ramp(random.uniform(0, 6.28)))

    def texture(self, random: Random) -> np.ndarray:
        """Blotches of two colours."""
        return _mix(any_colour(random), any_colour(random), self.noise(random))

    def stripes(self, random: Random) -> np.ndarray:
        """Soft stripes of two colours, or a checkerboard."""
        wave = np.sin(_ramp(random.uniform(0, 6.28)) * random.uniform(10, 50))
        if random.random() < 0.3:
            wave = wave * np.sin(_ramp(random.uniform(0, 6.28)) * random.uniform(10, 50))
        return _mix(any_colour(random), any_colour(random), np.clip(0.5 + 2 * wave, 0, 1))

    def background(self, random: Random, *, calm: bool = False) -> np.ndarray:
        """Any of them; `calm` leaves only plain colours and faint gradients."""
        choice = random.random()
        if calm or choice < 0.35:
            return self.plain(random)
        makers: list[Callable[[Random], np.ndarray]] = [self.gradient, self.texture, self.stripes, self.scene]
        return makers[min(int((choice - 0.35) / 0.65 * 4.5), 3)](random)

    def scene(self, random: Random) -> np.ndarray:
        """Any of the named scenes."""
        return self.named(random.choice(SCENES), random)

    def named(self, name: str, random: Random) -> np.ndarray:
        """A scene: sky above a wavy horizon, ground below, and what belongs there."""
        sky_low, sky_high, ground_near, ground_far = _PALETTES[name]
        horizon = random.uniform(28, 44)
        share = np.clip(_ROWS / horizon, 0, 1)
        sky = _mix(_shift(sky_high, random), _shift(sky_low, random), share)
        depth = np.clip((_ROWS - horizon) / (SIDE - horizon), 0, 1)
        ground = _mix(_shift(ground_far, random), _shift(ground_near, random), depth)
        line = horizon + _ROUGHNESS[name] * (self.noise(random)[0] - 0.5)
        picture = np.where((line <= _ROWS)[..., None], ground, sky)
        return _EXTRAS[name](picture, horizon, random) if name in _EXTRAS else picture


def _shift(colour: Colour, random: Random) -> Colour:
    red, green, blue = (min(max(c + random.randint(-25, 25), 0), 255) for c in colour)
    return red, green, blue


def _city(picture: np.ndarray, horizon: float, random: Random) -> np.ndarray:
    left = 0
    while left < SIDE:
        width, top = random.randint(5, 11), int(horizon - random.uniform(4, 26))
        grey = random.randint(30, 130)
        picture[max(top, 0) : int(horizon) + 2, left : left + width] = (grey, grey, min(grey + 20, 255))
        for row in range(max(top, 0) + 2, int(horizon), 4):
            for column in range(left + 1, min(left + width, SIDE) - 1, 3):
                if random.random() < 0.6:
                    picture[row : row + 2, column : column + 1] = (250, 220, 120)
        left += width
    return picture


def _trees(picture: np.ndarray, horizon: float, random: Random) -> np.ndarray:
    for _ in range(random.randint(6, 12)):
        x, foot, tall = random.uniform(0, SIDE), horizon + random.uniform(0, 14), random.uniform(12, 26)
        crown = (np.abs(_COLUMNS - x) < (_ROWS - foot + tall) * 0.3) & (foot - 3 > _ROWS)
        picture[crown] = (random.randint(10, 50), random.randint(70, 130), random.randint(20, 60))
        picture[(np.abs(_COLUMNS - x) < 1.2) & (foot - 3 <= _ROWS) & (foot > _ROWS)] = (90, 60, 30)
    return picture


def _dots(colour: Colour, above: bool) -> Callable[[np.ndarray, float, Random], np.ndarray]:
    def draw(picture: np.ndarray, horizon: float, random: Random) -> np.ndarray:
        for _ in range(random.randint(15, 40)):
            row, column = random.randrange(int(horizon) if above else SIDE), random.randrange(SIDE)
            picture[row : row + random.randint(1, 2), column : column + random.randint(1, 2)] = colour
        return picture

    return draw


def _peaks(picture: np.ndarray, horizon: float, random: Random) -> np.ndarray:
    for _ in range(random.randint(1, 3)):
        x, tall, slope = random.uniform(5, 60), random.uniform(18, 34), random.uniform(0.5, 1.1)
        height = np.abs(_COLUMNS - x) / slope + horizon - tall
        body = (height <= _ROWS) & (horizon > _ROWS)
        picture[body] = (random.randint(80, 130), random.randint(80, 120), random.randint(90, 130))
        picture[body & (height + 0.3 * tall > _ROWS)] = (245, 248, 252)
    return picture


# sky at the horizon, sky at the top, ground near, ground far
_PALETTES: dict[str, tuple[Colour, Colour, Colour, Colour]] = {
    "meadow": ((190, 225, 250), (90, 160, 235), (70, 150, 50), (130, 190, 90)),
    "sea": ((200, 230, 250), (110, 180, 240), (20, 70, 140), (60, 140, 200)),
    "beach": ((200, 235, 250), (80, 170, 240), (240, 215, 150), (60, 170, 210)),
    "desert": ((250, 230, 190), (120, 180, 230), (220, 170, 90), (240, 200, 130)),
    "snow": ((215, 225, 235), (150, 180, 210), (250, 250, 255), (225, 235, 245)),
    "night": ((50, 60, 110), (10, 12, 40), (20, 30, 30), (30, 45, 50)),
    "city": ((230, 200, 180), (120, 150, 200), (90, 90, 95), (120, 120, 125)),
    "forest": ((205, 230, 235), (140, 190, 220), (60, 110, 45), (90, 140, 70)),
    "mountain": ((210, 228, 245), (100, 160, 225), (90, 140, 70), (120, 160, 100)),
    "sunset": ((250, 170, 80), (120, 60, 140), (60, 40, 60), (110, 60, 70)),
}
SCENES = tuple(_PALETTES)
_ROUGHNESS = dict.fromkeys(_PALETTES, 6.0) | {"sea": 0.0, "beach": 2.0, "city": 0.0, "desert": 14.0, "meadow": 12.0}
_EXTRAS: dict[str, Callable[[np.ndarray, float, Random], np.ndarray]] = {
    "city": _city,
    "forest": _trees,
    "night": _dots((255, 250, 210), above=True),
    "snow": _dots((255, 255, 255), above=False),
    "mountain": _peaks,
}
