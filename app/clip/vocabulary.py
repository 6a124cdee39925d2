"""The tokens of a model's text side as text, and what the model makes of each alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from open_clip.tokenizer import SimpleTokenizer
from safetensors import SafetensorError, safe_open
from torch import Tensor

from app.clip.clip import Clip
from app.whole import write_whole

BATCH = 512  # texts
FOLDER = "vocabularies"


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Every token that can be written, commonest first, and the embedding of each as a text of its own.

    `pieces` written one after the other are a text: a piece that ends a word ends in a space. `embeddings` is [V, E]
    float16, each of length 1.
    """

    pieces: list[str]
    embeddings: Tensor


def pieces(clip: Clip) -> list[str]:
    """The tokens that can be written, in the order of their numbers, which is about that of how common they are: both
    byte pair encoding and its kin number the tokens as they were found, the commonest first.

    Raises:
        BadInput: the model cannot read texts.
    """
    tokenizer = clip.text_tokenizer
    if isinstance(tokenizer, SimpleTokenizer):
        special = {tokenizer.sot_token_id, tokenizer.eot_token_id}
        found = (tokenizer.decode([token]) for token in range(tokenizer.vocab_size) if token not in special)
    else:
        inner = tokenizer.tokenizer  # of transformers; it drops the spaces, so every token is a word
        special = set(inner.all_special_ids)
        found = (f"{inner.decode([token]).strip()} " for token in range(len(inner)) if token not in special)
    return list(dict.fromkeys(piece for piece in found if _written(piece)))


def _written(piece: str) -> bool:
    return bool(piece.strip()) and piece.replace(" ", "").isprintable() and "\N{REPLACEMENT CHARACTER}" not in piece


def reading(clip: Clip) -> Iterator[tuple[int, int] | Vocabulary]:
    """Embed every token: yields (done, total) after each batch, and in the end the vocabulary.

    Raises:
        BadInput: the model cannot read texts.
    """
    known = pieces(clip)
    parts = []
    for start in range(0, len(known), BATCH):
        with torch.no_grad():
            embedded = clip.encode_text([piece.strip() for piece in known[start : start + BATCH]])
        parts.append(torch.nn.functional.normalize(embedded.float(), dim=-1).half().cpu())
        yield min(start + BATCH, len(known)), len(known)
    yield Vocabulary(known, torch.cat(parts))


def kept(clip: Clip, data: Path) -> Iterator[tuple[int, int] | Vocabulary]:
    """The vocabulary from its file in the data folder; where that is not there, as `reading`, and then it is."""
    path = data / FOLDER / f"{clip.weights_hash}.safetensors"
    found = load(path, clip.weights_hash)
    if found is not None:
        yield found
        return
    for read in reading(clip):
        if isinstance(read, Vocabulary):
            save(read, path, clip.weights_hash)
        yield read


def save(vocabulary: Vocabulary, path: Path, weights_hash: str) -> None:
    """Write a vocabulary to a file that says which weights it is of."""
    text = torch.frombuffer(bytearray("\n".join(vocabulary.pieces).encode()), dtype=torch.uint8)
    tensors = {"pieces": text, "embeddings": vocabulary.embeddings}
    write_whole(path, safetensors.torch.save(tensors, metadata={"weights": weights_hash}))


def load(path: Path, weights_hash: str) -> Vocabulary | None:
    """Read what `save` wrote; None where there is no such file or it is of other weights."""
    try:
        with safe_open(path, "pt") as file:
            if (file.metadata() or {}).get("weights") != weights_hash:
                return None
            text = bytes(file.get_tensor("pieces").tolist()).decode()
            return Vocabulary(text.split("\n"), file.get_tensor("embeddings"))
    except (FileNotFoundError, SafetensorError):
        return None
