"""What may go wrong with a GPU: too little memory, which the work can adapt to, and a fault, which only a new process can."""

import torch

SHORTAGE = ("out of memory", "alloc_failed")
DEVICE = ("cuda error", "cuda driver error", "cudnn", "cublas")
REFUSED = (
    "not_supported",
    "bad_param",
    "invalid_value",
)  # a library's answer to what it was asked, which breaks nothing


def is_shortage(error: BaseException) -> bool:
    """Whether the device had too little memory, also where a library says so in words of its own."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return _of_device(error) and _says(error, SHORTAGE)


def is_fault(error: BaseException) -> bool:
    """Whether the device is lost to this process: after such an error every later call may fail or answer nonsense."""
    return _of_device(error) and not is_shortage(error) and not _says(error, REFUSED)


def _of_device(error: BaseException) -> bool:
    return isinstance(error, torch.AcceleratorError) or (isinstance(error, RuntimeError) and _says(error, DEVICE))


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    said = str(error).lower()
    return any(word in said for word in words)
