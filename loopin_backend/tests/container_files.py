"""Dockerfile, .dockerignore and compose.yaml as data: read as the engine reads them, to be judged and replayed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from loopin_backend import env

ROOT = env.PROJECT_ROOT
_VARIABLE = re.compile(
    r"\$\$|\$\{(?P<name>\w+)(?:(?P<kind>:?[-?])(?P<rest>[^}]*))?\}|\$(?P<bare>[A-Za-z_]\w*)"
)


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its continuation lines joined."""

    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """The words of the exec form, or of a plain line."""
        return list(json.loads(self.value)) if self.value.startswith("[") else self.value.split()


def read_dockerfile(path: Path = ROOT / "Dockerfile") -> list[Instruction]:
    """Its instructions in order."""
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")
    ]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [Instruction(name.upper(), value.strip()) for name, _, value in found]


def last_stage(instructions: list[Instruction]) -> list[Instruction]:
    """The instructions of the image that is kept."""
    start = max(n for n, instruction in enumerate(instructions) if instruction.name == "FROM")
    return instructions[start:]


def image_environment(instructions: list[Instruction]) -> dict[str, str]:
    """The `ENV` variables of a stage."""
    found: dict[str, str] = {}
    for instruction in instructions:
        if instruction.name == "ENV":
            found.update(re.findall(r"(\w+)=(\S*)", instruction.value))
    return found


def command_of(instructions: list[Instruction]) -> list[str]:
    """The image's own command."""
    return next(i.words for i in reversed(instructions) if i.name == "CMD")


def iter_context(root: Path = ROOT) -> Iterator[Path]:
    """The files that reach the builder, relative to the project: those that .dockerignore leaves.

    Source: docs.docker.com, ".dockerignore files": the last line that matches a path or a folder above it decides.
    """
    rules = [line.strip() for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines()]
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if relative.parts[0].startswith(".") or not path.is_file():
            continue  # nothing hidden is named, and the environments beside are large
        if _is_kept(relative, rules):
            yield relative


def _is_kept(path: Path, rules: list[str]) -> bool:
    places = [str(path), *(str(parent) for parent in path.parents if str(parent) != ".")]
    is_kept = True
    for rule in rules:
        pattern = rule.removeprefix("!").strip("/")
        if any(_matches(place, pattern) for place in places):
            is_kept = rule.startswith("!")
    return is_kept


def _matches(place: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(place.rsplit("/", 1)[-1], pattern.removeprefix("**/"))
    return place.count("/") == pattern.count("/") and fnmatch(place, pattern)


def read_compose(variables: Mapping[str, str], path: Path = ROOT / "compose.yaml") -> dict[str, Any]:
    """compose.yaml with its variables filled in.

    **Errors**: `LookupError` for a variable that must be set and is not.
    """
    found: dict[str, Any] = _filled(yaml.safe_load(path.read_text(encoding="utf-8")), variables)
    return found


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a .env file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def required_variables(path: Path = ROOT / "compose.yaml") -> set[str]:
    """Variables without which compose refuses to start."""
    return {
        found["name"]
        for found in _VARIABLE.finditer(path.read_text(encoding="utf-8"))
        if found["kind"] == ":?"
    }


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, variables) for item in value]
    return (
        _VARIABLE.sub(lambda found: _value_of(found, variables), value) if isinstance(value, str) else value
    )


def _value_of(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found[0] == "$$":
        return "$"
    name = found["name"] or found["bare"]
    value = variables.get(name, "")
    if value or not found["kind"]:
        return value
    if found["kind"].endswith("?"):
        raise LookupError(f"{name}: {found['rest']}")
    return str(found["rest"])
