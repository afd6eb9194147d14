"""One way to read configuration: TOML into frozen dataclasses, with errors that say where and what to write instead."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import math
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from corpora.bounded import read_bytes, shown

T = TypeVar("T")

MAX_TOML_BYTES = 1 << 20  # the largest declaration of ours is under 20 kB; a larger file is not a declaration


class ConfigError(Exception):
    """A mistake that the user can mend: the message says where, what was found and what to write instead."""


def read(cls: type[T], path: Path, overrides: Sequence[str] = ()) -> T:
    """Read the TOML file `path` into dataclass `cls`.

    Each override is one line of TOML, such as `budget.examples = 100`, laid over the file.
    Raises ConfigError naming the file, the key, what was found and what is allowed.
    """
    try:
        raw = tomllib.loads(read_bytes(path, MAX_TOML_BYTES).decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file{near_files(path)}") from None
    except OSError as err:
        raise ConfigError(f"{path}: cannot be read ({err.strerror})") from None
    except UnicodeDecodeError as err:
        raise ConfigError(f"{path}: byte {err.start} is not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as err:
        raise ConfigError(f"{path}: not valid TOML: {err}") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply to be a declaration of this project") from None
    except ValueError as err:  # too large, or a whole number of thousands of digits
        raise ConfigError(f"{path}: no declaration of this project ({err})") from None
    for line in overrides:
        try:
            raw = _merge(raw, tomllib.loads(line))
        except (ValueError, RecursionError) as err:
            raise ConfigError(f"override {shown(line)}: not one line of TOML ({err}); write for example 'budget.examples = 100'") from None
    return build(cls, raw, str(path))


def near_files(path: Path) -> str:
    """Return '; did you mean a, b?' from the files beside `path`, or ''."""
    names = sorted(p.name for p in path.parent.glob(f"*{path.suffix}")) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names) or names[:5]
    return f"; did you mean {', '.join(str(path.parent / name) for name in near)}?" if near else ""


def build(cls: type[T], raw: Mapping[str, Any], where: str) -> T:
    """Make dataclass `cls` from plain values, checking names and types all the way down. Raises ConfigError."""
    return typing.cast(T, _dataclass(cls, raw, where, ""))


def pick(table: Mapping[str, T], name: str, what: str) -> T:
    """Return table[name]; a miss says which names were meant. Raises ConfigError."""
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=4) or sorted(table)
    raise ConfigError(f"no {what} named {name!r}; did you mean {', '.join(near)}?")


def _merge(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    out = dict(low)
    for key, value in high.items():
        out[key] = _merge(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out


def _dataclass(cls: Any, raw: Any, where: str, at: str) -> Any:
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}: {at or 'the file'} must be a table, found {shown(raw)}")
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}
    for key in raw:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=3)
            meant = f"did you mean {', '.join(near)}? " if near else ""
            raise ConfigError(f"{where}: unknown key {_join(at, key)!r}; {meant}known keys here: {', '.join(fields)}")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in raw:
            values[name] = _value(hints[name], raw[name], where, _join(at, name))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}: key {_join(at, name)!r} is missing; it must be {describe(hints[name])}")
    try:
        return cls(**values)
    except ValueError as err:
        raise ConfigError(f"{where}: {at + ': ' if at else ''}{err}") from None


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _value(kind: Any, raw: Any, where: str, at: str) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        if raw not in args:
            raise ConfigError(f"{where}: {at} = {shown(raw)}; allowed: {', '.join(map(repr, args))}")
        return raw
    if origin in (typing.Union, types.UnionType):
        choices = [choice for choice in args if choice is not type(None)]
        for choice in choices[:-1]:
            with contextlib.suppress(ConfigError):
                return _value(choice, raw, where, at)
        return _value(choices[-1], raw, where, at)  # its error is the one to show
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, raw, where, at)
    if origin is tuple:
        if not isinstance(raw, list | tuple):
            raise ConfigError(f"{where}: {at} must be {describe(kind)}, found {shown(raw)}")
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_value(args[0], item, where, f"{at}[{i}]") for i, item in enumerate(raw))
        if len(raw) != len(args):
            raise ConfigError(f"{where}: {at} must have {len(args)} values, found {shown(raw)}")
        return tuple(_value(arg, item, where, f"{at}[{i}]") for i, (arg, item) in enumerate(zip(args, raw, strict=True)))
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        if not isinstance(raw, Mapping):
            raise ConfigError(f"{where}: {at} must be {describe(kind)}, found {shown(raw)}")
        return {str(key): _value(args[1], item, where, f"{at}.{key}") for key, item in raw.items()}
    if kind is float and isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw)
    if kind is Any or (type(raw) is kind and not (kind is float and math.isnan(raw))):
        return raw
    raise ConfigError(f"{where}: {at} must be {describe(kind)}, found {shown(raw)}")


def describe(kind: Any) -> str:
    """Return a type in the words of a TOML writer."""
    names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
    if kind in names:
        return names[kind]
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, args))
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return f"a list, each {describe(args[0])}"
        return f"a list of {len(args)} values"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(arg) for arg in args if arg is not type(None))
    if origin is not None and issubclass(origin, Mapping):
        return f"a table whose values are each {describe(args[1])}"
    return "a table"
