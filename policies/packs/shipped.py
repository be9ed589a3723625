"""The packs that come with the program, as files; what is in force comes from the directory."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["shipped_files"]


def shipped_files(pack_id: str) -> Mapping[str, str]:
    """Give a shipped pack's files, path within its folder to text, for ``pack.bundle``.

    All of them: a file that has no place in a pack stops its load.

    Raises:
        FileNotFoundError: There is no such pack.

    """
    return dict(_texts(files("policies.packs").joinpath(pack_id), ""))


def _texts(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")
