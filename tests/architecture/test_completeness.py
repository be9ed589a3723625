"""Nothing is forgotten: lists that must agree with each other and with the tree do."""

import importlib
from pathlib import Path

import pytest

from schemas.fields.refusal_reason import RefusalReason
from schemas.messages.message_type import MessageType
from schemas.messages.registry import REGISTRY
from schemas.problems import MEANING, Code

ROOT = Path(__file__).parents[2]
MESSAGES = ROOT / "schemas" / "messages"
VECTORS = ROOT / "tests" / "vectors"


def lines_of(name):
    """The lines of a vector list, without comments."""
    lines = (VECTORS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def modules_of_messages():
    """The modules of message types: everything in a folder of a family."""
    return sorted(path for path in MESSAGES.glob("*/*.py") if path.name != "__init__.py")


def test_the_name_on_the_wire_is_the_path():
    """Every module of a family is registered under its path, and every type has its module."""
    paths = {
        ".".join(path.relative_to(MESSAGES).with_suffix("").parts) for path in modules_of_messages()
    }
    assert paths == {kind.name for kind in REGISTRY.values()}


@pytest.mark.parametrize("kind", REGISTRY.values(), ids=lambda kind: kind.mt)
def test_a_type_is_registered_as_its_module_says(kind):
    """The registry's line and the module's ``TYPE`` are one, and its first words name it."""
    module = importlib.import_module(f"schemas.messages.{kind.name}")
    assert isinstance(module.TYPE, MessageType)
    assert module.TYPE is kind
    assert (module.__doc__ or "").startswith(f"``{kind.mt}``: ")
    assert "\nSource: " in (module.__doc__ or "")


def test_published_types():
    """The list of types is wire format: one is added here on purpose, and none goes away."""
    assert lines_of("types.txt") == sorted(REGISTRY)


def test_published_codes():
    """The list of codes is wire format: one is added here on purpose, and none goes away."""
    assert lines_of("codes.txt") == sorted(code.value for code in Code)


def test_published_reasons():
    """The reasons to refuse sharing are wire format too."""
    assert lines_of("refusal_reasons.txt") == sorted(reason.value for reason in RefusalReason)


@pytest.mark.parametrize("code", Code)
def test_every_code_speaks(code):
    """A code without sentence and remedy would leave its reader alone."""
    meaning = MEANING[code]
    assert meaning.says.endswith(".")
    assert meaning.remedy.endswith((".", "?"))
