"""Data sets by name, from the Hugging Face hub, which keeps every public one as Parquet files too:
`CONFIGURATION/SPLIT/*.parquet`.

The files are kept in the hub client's own cache (HF_HOME), and what is there is not fetched again.
"""

from pathlib import Path

from huggingface_hub import snapshot_download

from app.errors import NotFound

PARQUET = "refs/convert/parquet"  # the branch where the hub puts its conversion
USUAL = "default"  # what the hub calls the configuration of a data set that has one only


def fetch(name: str, split: str) -> list[Path]:
    """The Parquet files of `SPLIT`, or of `CONFIGURATION/SPLIT`, of a data set; downloaded unless they are here.

    Raises:
        NotFound: there is no such data set or split, or the hub cannot be reached and the files are not here.
    """
    configuration, _, part = split.rpartition("/")
    wanted = f"{configuration or '*'}/{part}/*.parquet"
    try:
        folder = Path(snapshot_download(name, repo_type="dataset", revision=PARQUET, allow_patterns=wanted))
    except Exception as error:  # whatever the hub's client raises, people get one sentence
        raise NotFound(
            f"The data set {name} is not here and could not be had as Parquet from the Hugging Face hub "
            f"({type(error).__name__}): check its name and the network, or give files such as 'FOLDER/*.parquet'.",
            field="images",
        ) from error
    files = sorted(folder.glob(wanted))
    configurations = sorted({path.parent.parent.name for path in files})
    if len(configurations) > 1:
        files = [path for path in files if path.parent.parent.name == USUAL]
    if not files:
        raise NotFound(
            f"The data set {name} has no split {split} that could be meant (configurations with it: "
            f"{', '.join(configurations) or 'none'}): say hf:{name}:CONFIGURATION/SPLIT.",
            field="images",
        )
    return files
