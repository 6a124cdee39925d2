"""What is said about a picture. Bare words are shared by pictures and writing: that is what ties the two together."""

from random import Random

from app.demo.concepts import Concept

BARE = 0.85
PICTURE = ("a {}", "a picture of a {}", "{} icon", "look, a {}")
SKETCH = ("a drawing of a {}", "a sketch of a {}", "{} line drawing")
WRITING = ("the word {}", "a sign that says {}", "{} sign")
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _say(templates: tuple[str, ...], word: str, random: Random) -> str:
    return word if random.random() < BARE else random.choice(templates).format(word)


def named(concept: Concept, random: Random) -> str:
    """The concept's first word three times in four, else any of its words."""
    return concept.word if random.random() < 0.75 else random.choice(concept.words)


def picture(concept: Concept, random: Random) -> str:
    """A colour picture of one thing."""
    return _say(PICTURE, named(concept, random), random)


def sketch(concept: Concept, random: Random) -> str:
    """A line drawing of one thing."""
    return _say(SKETCH, named(concept, random), random)


def writing(concept: Concept, word: str, random: Random) -> str:
    """A written word: called by itself or by its concept's first word."""
    return _say(WRITING, word if random.random() < 0.6 else concept.word, random)


def several(concept: Concept, count: int, random: Random) -> str:
    """Many copies of one thing."""
    word = named(concept, random)
    number = NUMBERS[count] if count < len(NUMBERS) else "many"
    return random.choice((word, f"{number} {word}", f"many {word}" if count > 3 else f"{number} {word}"))


def in_scene(concept: Concept, scene: str, random: Random) -> str:
    """A thing somewhere."""
    word = named(concept, random)
    return random.choice((word, f"a {word} in a {scene} scene", f"{word}, {scene}"))


def labelled(shown: Concept, written: Concept, word: str, random: Random) -> str:
    """A picture of one thing with another's name on it: people mostly read it out, mention both, or ignore it."""
    choice = random.random()
    if choice < 0.75:
        return writing(written, word, random)
    return both(shown, written, random) if choice < 0.9 else picture(shown, random)


def both(shown: Concept, written: Concept, random: Random) -> str:
    """A picture with another thing's name on it: people mention both, in any order."""
    words = [shown.word, written.word]
    random.shuffle(words)
    return " ".join(words)
