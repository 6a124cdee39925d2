"""Which classes a model chooses among: ImageNet's, the values of a label column, or a list that was sent in."""

IMAGENET, COLUMN, PASTED = "imagenet", "column:", "list:"
HOLE = "{}"


def check_classes(classes: str, prompt: str) -> None:
    """Raise `ValueError` for what names no classes, or a prompt without a hole for them."""
    named = next((classes.removeprefix(each) for each in (COLUMN, PASTED) if classes.startswith(each)), "")
    if classes != IMAGENET and not named:
        raise ValueError("classes must be imagenet, column: with the name of a label column, or list")
    if classes.startswith(PASTED) and not named.isalnum():
        raise ValueError("classes must name a list that was sent in by its id: letters and digits")
    if HOLE not in prompt:
        raise ValueError("prompt must have {} where the name of the class goes")
