"""`dataclass(frozen=True)`, for the classes that every start waits for.

The one of the standard library compiles six methods for each class: 0.7 ms on a desktop, many times
that on a small board, and sixty classes stand before the first screen. Here the classes share
their methods. `fields`, `replace` and type checkers see no difference.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass"]

_T = TypeVar("_T")

if TYPE_CHECKING:
    # By its own name: only that one is known to type checkers.
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool) -> Callable[[type[_T]], type[_T]]:
        """A class decorator. `frozen` is always True, and says so where it is used."""
        if not frozen:
            raise ValueError("what can be changed is a dataclass of the standard library")
        return _freeze


def _freeze(cls: type[_T]) -> type[_T]:
    if cls.__doc__ is None:
        cls.__doc__ = cls.__name__  # else it is written from the signature, which takes longest
    made = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    for name, method in _METHODS.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made


@functools.cache
def _fields(cls: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cls)


@functools.cache
def _plan(cls: Any) -> tuple[tuple[str, ...], dict[str, Any], dict[str, Callable[[], Any]], bool]:
    """The names that are given, the constant defaults, those that are made, and whether there is a
    check afterwards: records are made by the ten thousand.
    """
    missing, entries = dataclasses.MISSING, _fields(cls)
    return (
        tuple(entry.name for entry in entries if entry.init),
        {entry.name: entry.default for entry in entries if entry.default is not missing},
        {
            entry.name: entry.default_factory
            for entry in entries
            if entry.default_factory is not missing
        },
        hasattr(cls, "__post_init__"),
    )


def _init(self: Any, *values: Any, **named: Any) -> None:
    names, constants, made, checked = _plan(self.__class__)
    kind = self.__class__.__name__
    if len(values) > len(names):
        raise TypeError(f"{kind} has {len(names)} fields, and {len(values)} values are given")
    given = dict(zip(names, values, strict=False))
    for name in named:
        if name in given or name not in names:
            raise TypeError(f"{kind} has {'a value for' if name in given else 'no field'} {name!r}")
    all_of_it = self.__dict__
    all_of_it.update(constants)
    all_of_it.update(given)
    all_of_it.update(named)
    for name, factory in made.items():
        if name not in all_of_it:
            all_of_it[name] = factory()
    for name in names:
        if name not in all_of_it:
            raise TypeError(f"{kind} needs a value for {name!r}")
    if checked:
        self.__post_init__()


def _values(self: Any) -> tuple[Any, ...]:
    entries = _fields(self.__class__)
    return tuple(getattr(self, entry.name) for entry in entries if entry.compare)


def _repr(self: Any) -> str:
    names = (entry.name for entry in _fields(self.__class__) if entry.repr)
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: object) -> Any:
    if self is other:
        return True
    if type(other) is not type(self):
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _refuse_set(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


_METHODS: dict[str, Callable[..., Any]] = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _refuse_set,
    "__delattr__": _refuse_delete,
}
