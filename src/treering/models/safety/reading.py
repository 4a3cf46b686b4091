"""An unpickler that gives a pickle only what the list allows, and lets it make objects only as honest pickles do.

The list says what a pickle may refer to. That alone is not enough: a pickle can
also call a constructor with what it likes, call the objects that it has made, or
write into a class that all others use too. So Python's own unpickler does the
work, the one that is written in Python, because its steps can be watched. It is
slower; what a user has saved himself is not read with it.
"""

from __future__ import annotations

import codecs
import copyreg
import decimal
import fractions
import pickle
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import IO, Any, ClassVar, NoReturn

import numpy as np

from treering.core.errors import PermissionDenied
from treering.models.safety.names import Allowed, may_be_called

__all__ = ["GuardedUnpickler", "Refused"]

_InPython: Any = pickle.__dict__["_Unpickler"]
# What all others in this process use too, and a pickle must not write into.
_SHARED = (type, FunctionType, BuiltinFunctionType, ModuleType, np.ufunc)
_REBUILD: Any = copyreg.__dict__["_reconstructor"]
_ENCODE = codecs.encode
# In which pickles of old write bytes as text.
_ENCODINGS = {("latin1",), ("latin-1",)}
_LONGEST_RANGE = 1 << 20
_MOST_DIGITS = 10_000
_LONG = (list, tuple, range, dict, set, frozenset)
_MOST_COPIED = 1 << 22


class Refused(PermissionDenied):
    """A pickle refers to what it may not, or does what it may not.

    Attributes:
        name: What it refers to; empty if no name on the list would help.
    """

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class GuardedUnpickler(_InPython):  # type: ignore[misc]  # known by name only
    """Reads a pickle; `load` raises Refused before anything is looked up or called that an honest pickle would not.

    Args:
        stand_ins: What is given instead of some names, whether they are on the list or not.
    """

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(_InPython.dispatch)

    def __init__(
        self, file: IO[bytes], allowed: Allowed, stand_ins: Mapping[tuple[str, str], Any] | None = None
    ) -> None:
        super().__init__(file)
        self._allowed = allowed
        self._stand_ins = stand_ins or {}
        # By identity, for what a pickle makes may claim to equal anything.
        self._callable: dict[int, Any] = {}
        self._kinds: list[np.dtype[Any]] = []
        self._copied = 0

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle calls `name` of `module`."""
        if (module, name) in self._stand_ins:
            found = self._stand_ins[module, name]
            self._callable[id(found)] = found
            return found
        # The words come first, because importing a module runs it.
        if self._allowed.has(module, name):
            found = super().find_class(module, name)
            if self._allowed.admits(module, name, found):
                if may_be_called(module, name) and not isinstance(found, np.ufunc):
                    self._callable[id(found)] = found
                return found
        msg = f"The pickle refers to {module}.{name}, which is not on the list of what a model may use."
        raise Refused(msg, f"{module}.{name}")

    def load_reduce(self) -> None:
        """The step that calls something."""
        called, arguments = self.stack[-2:]
        self._check_call(called, arguments)
        super().load_reduce()
        made = self.stack[-1]
        if isinstance(made, np.dtype):
            self._kinds.append(made)

    def load_newobj(self) -> None:
        """The step that makes an object without its constructor."""
        self._check_made(self.stack[-2])
        super().load_newobj()

    def load_newobj_ex(self) -> None:
        """As `load_newobj`, with named arguments."""
        self._check_made(self.stack[-3])
        super().load_newobj_ex()

    def _instantiate(self, klass: Any, args: Any) -> None:
        self._check_call(klass, args)
        super()._instantiate(klass, args)

    def load_build(self) -> None:
        """The step that gives an object its state."""
        made = self.stack[-2]
        if isinstance(made, _SHARED) or "__setstate__" in getattr(made, "__dict__", ()):
            _refuse("writes into", made)
        super().load_build()
        # One may stand in another that was complete before.
        if isinstance(made, np.dtype) and not all(_sound(kind) for kind in self._kinds):
            _refuse("passes numbers off as objects in", made)

    def load_append(self) -> None:
        """The step that puts one item into a list."""
        self._check_holds(self.stack[-2], "append")
        super().load_append()

    def load_appends(self) -> None:
        """As `load_append`, of many."""
        self._check_holds(self.metastack[-1][-1], "extend", "append")
        super().load_appends()

    def load_additems(self) -> None:
        """The step that puts items into a set."""
        self._check_holds(self.metastack[-1][-1], "add")
        super().load_additems()

    def load_bytearray8(self) -> None:
        """The step that makes an array of bytes: of those that are there, not of those that are announced."""
        size = int.from_bytes(self.read(8), "little")
        self.append(bytearray(self.read(size)))

    def _check_made(self, kind: Any) -> None:
        if not isinstance(kind, type) or id(kind) not in self._callable:
            _refuse("makes", kind)

    def _check_call(self, called: Any, arguments: Any) -> None:
        if id(called) not in self._callable:
            _refuse("calls", called)
        if isinstance(called, type) and _is_made_without_call(called) and (called, arguments) != (object, ()):
            _refuse("calls the constructor of", called)
        # It calls a constructor in turn, for classes that build on what C has.
        if called is _REBUILD and not (arguments[1:] and arguments[1].__module__ == "builtins"):
            _refuse("calls the constructor of", arguments[-1])
        # One long list may be given to many calls that copy it.
        if isinstance(arguments, tuple) and arguments and isinstance(arguments[0], _LONG):
            self._copied += len(arguments[0])
        if self._copied > _MOST_COPIED or _is_bomb(called, arguments):
            _refuse("makes something huge with", called)

    def _check_holds(self, made: Any, *methods: str) -> None:
        own = getattr(made, "__dict__", ())
        if any(method in own for method in methods):
            _refuse("puts items into", made)


for _step, _method in (
    (pickle.REDUCE, GuardedUnpickler.load_reduce),
    (pickle.NEWOBJ, GuardedUnpickler.load_newobj),
    (pickle.NEWOBJ_EX, GuardedUnpickler.load_newobj_ex),
    (pickle.BUILD, GuardedUnpickler.load_build),
    (pickle.APPEND, GuardedUnpickler.load_append),
    (pickle.APPENDS, GuardedUnpickler.load_appends),
    (pickle.ADDITEMS, GuardedUnpickler.load_additems),
    (pickle.BYTEARRAY8, GuardedUnpickler.load_bytearray8),
):
    GuardedUnpickler.dispatch[_step[0]] = _method


def _refuse(does: str, what: Any) -> NoReturn:
    kind = what if isinstance(what, (type, FunctionType, BuiltinFunctionType)) else type(what)
    msg = f"The pickle {does} {kind.__module__}.{kind.__qualname__}, which no honest one does."
    raise Refused(msg)


def _is_made_without_call(kind: type) -> bool:
    """Whether pickles make the objects of a class without calling it: a class in Python that says nothing else."""
    own = any("__reduce__" in vars(one) or "__reduce_ex__" in vars(one) for one in kind.__mro__ if one is not object)
    return not own and kind.__module__ not in {"builtins", "numpy", "joblib.numpy_pickle"}


def _is_bomb(called: Any, arguments: Any) -> bool:
    """Whether a few bytes would become gigabytes."""
    if not isinstance(arguments, tuple):
        return True
    if called in (bytes, bytearray):
        return bool(arguments) and isinstance(arguments[0], int)
    if called in (str, _ENCODE):
        # Of lists of lists, or in another form, a text may become twice as long, again and again.
        return arguments[1:] not in _ENCODINGS if called is _ENCODE else not isinstance((*arguments, "")[0], str)
    if called is range:
        return len(range(*arguments)) > _LONGEST_RANGE
    if called is decimal.Decimal:
        return abs(decimal.Decimal(*arguments).adjusted()) > _MOST_DIGITS
    return called is fractions.Fraction and not all(map(_is_short_number, arguments))


def _is_short_number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and "e" not in value.lower())


def _sound(kind: np.dtype[Any]) -> bool:
    """Whether a type of array elements says of itself that objects are in it, where some are.

    A pickle says so itself; where it does not, NumPy would take any bytes for addresses of objects.
    """
    parts = [one[0] for one in (kind.fields or {}).values()] + ([kind.subdtype[0]] if kind.subdtype else [])
    return all(_sound(part) for part in parts) and (kind.hasobject or not any(part.hasobject for part in parts))
