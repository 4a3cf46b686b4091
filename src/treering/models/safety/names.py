"""What a pickle may refer to without anybody's word: names of which none runs what its arguments say.

A list of what is bad loses: there is always one more function that starts a
program. So everything is refused that is not named here, by the flavour that
reads the pickle, or by the user. Left out on purpose, though models use them:
`getattr` and `operator.*` reach any function, `numpy._core._ufunc_reconstruct`
imports what its arguments name, and a `pathlib.Path` can write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["Allowed", "may_be_called"]

_BUILTINS = (
    "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple"
    " ArithmeticError AssertionError AttributeError Exception IndexError KeyError NotImplementedError RuntimeError"
    " StopIteration TypeError ValueError ZeroDivisionError Ellipsis NotImplemented"
)
_STANDARD = frozenset(
    {
        *(f"builtins.{name}" for name in _BUILTINS.split()),
        # What Python 2's and protocol 2's pickles call them.
        *(f"__builtin__.{name}" for name in _BUILTINS.split()),
        "__builtin__.xrange",
        "_codecs.encode",
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.deque",
        "copyreg.__newobj__",
        "copyreg._reconstructor",
        "copy_reg._reconstructor",
        "datetime.date",
        "datetime.datetime",
        "datetime.time",
        "datetime.timedelta",
        "datetime.timezone",
        "decimal.Decimal",
        "fractions.Fraction",
        "functools.partial",
        "joblib.numpy_pickle.NumpyArrayWrapper",
        "pathlib.PurePath",
        "pathlib.PurePosixPath",
        "pathlib.PureWindowsPath",
        "types.NoneType",
        "types.SimpleNamespace",
        "uuid.UUID",
    }
)
_NUMPY = frozenset(
    {
        "numpy.dtype",
        "numpy.ma.MaskedArray",
        "numpy.ma.core.MaskedArray",
        "numpy.ma.core._mareconstruct",
        "numpy.ndarray",
        "numpy.random._mt19937.MT19937",
        "numpy.random._pcg64.PCG64",
        "numpy.random._pcg64.PCG64DXSM",
        "numpy.random._philox.Philox",
        "numpy.random._pickle.__bit_generator_ctor",
        "numpy.random._pickle.__generator_ctor",
        "numpy.random._pickle.__randomstate_ctor",
        "numpy.random._sfc64.SFC64",
        "numpy.random.bit_generator.SeedSequence",
        "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
        *(
            f"numpy.{name}"
            for name in [
                "bool_",
                "bool",
                "bytes_",
                "cdouble",
                "clongdouble",
                "complex128",
                "complex64",
                "csingle",
                "datetime64",
                "double",
                "float16",
                "float32",
                "float64",
                "float128",
                "int16",
                "int32",
                "int64",
                "int8",
                "intc",
                "intp",
                "longdouble",
                "longlong",
                "object_",
                "short",
                "single",
                "str_",
                "timedelta64",
                "ubyte",
                "uint",
                "uint16",
                "uint32",
                "uint64",
                "uint8",
                "uintc",
                "uintp",
                "ulonglong",
                "ushort",
                "void",
            ]
        ),
        *(
            f"numpy.{core}.{name}"
            for core in ("core", "_core")
            for name in ("multiarray._reconstruct", "multiarray.scalar", "numeric._frombuffer")
        ),
    }
)
# Functions that estimators carry along, to be called with the user's rows. A pickle may name them and not call them.
_ONLY_NAMED_BY_NUMPY = frozenset(
    f"numpy.{name}"
    for name in (
        "mean",
        "median",
        "average",
        "sum",
        "prod",
        "std",
        "var",
        "nanmean",
        "nanmedian",
        "reshape",
        "ravel",
        "squeeze",
        "nan_to_num",
        "clip",
        "where",
    )
)
_SCIPY = frozenset(
    f"scipy.sparse.{module}.{kind}_{form}"
    for kind in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for module in (f"_{kind}", kind)
    for form in ("matrix", "array")
) | {"scipy.interpolate._bsplines.BSpline", "scipy.interpolate._interpolate.interp1d"}

# What scikit-learn's estimators carry along that is no public class of it.
_SKLEARN = frozenset(
    {
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.cluster._birch._CFNode",
        "sklearn.cluster._birch._CFSubcluster",
        "sklearn.cluster._bisect_k_means._BisectingTree",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.compose._column_transformer.make_column_selector",
        "sklearn.ensemble._gb_losses.BinomialDeviance",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.linear_model._stochastic_gradient._OptimizerSGD",
        "sklearn.metrics._dist_metrics.newObj",
        "sklearn.metrics._scorer._PassthroughScorer",
        "sklearn.neighbors._ball_tree.newObj",
        "sklearn.neighbors._kd_tree.newObj",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.utils._bunch.Bunch",
        "sklearn.utils._metadata_requests.MetadataRequest",
        "sklearn.utils._metadata_requests.MethodMetadataRequest",
        "sklearn.utils.deprecation._DeprecationDict",
    }
)
_ONLY_NAMED_BY_SKLEARN = frozenset(
    {
        "sklearn.cluster._kmeans._kmeans_single_elkan",
        "sklearn.cluster._kmeans._kmeans_single_lloyd",
        "sklearn.feature_selection._mutual_info.mutual_info_classif",
        "sklearn.feature_selection._mutual_info.mutual_info_regression",
        "sklearn.feature_selection._univariate_selection.chi2",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "sklearn.feature_selection._univariate_selection.f_regression",
        "sklearn.feature_selection._univariate_selection.r_regression",
        "sklearn.preprocessing._function_transformer._identity",
        *(
            f"sklearn.metrics._{module}.{name}"
            for module, names in {
                "classification": "accuracy_score balanced_accuracy_score f1_score log_loss precision_score recall_score",
                "ranking": "average_precision_score roc_auc_score",
                "regression": "mean_absolute_error mean_squared_error r2_score root_mean_squared_error",
            }.items()
            for name in names.split()
        ),
    }
)
_WHOLE_PACKAGES = ("sklearn.*",)
# Objects that call methods of what they are given.
_SCORERS = frozenset(
    f"sklearn.metrics._scorer.{name}"
    for name in ("_CurveScorer", "_PredictScorer", "_ProbaScorer", "_Scorer", "_ThresholdScorer")
)
# What PyTorch's own reader of weights knows; a tensor's numbers lie beside the pickle, which calls them persistent.
_TORCH = frozenset(
    {
        "persistent.object",
        "torch.Size",
        "torch.Tensor",
        "torch.device",
        "torch._tensor._rebuild_from_type_v2",
        "torch.storage.UntypedStorage",
        *(f"torch._utils._rebuild_{name}" for name in ("parameter", "parameter_with_state", "tensor", "tensor_v2")),
        *(f"torch.{kind}Storage" for kind in ("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half")),
        *(f"torch.{kind}Storage" for kind in ("Int", "Long", "Short")),
        *(f"torch.{kind}" for kind in ("bfloat16", "bool", "float16", "float32", "float64", "int32", "int64", "uint8")),
    }
)

_ONLY_NAMED_BY_TORCH = frozenset(
    f"torch.nn.functional.{name}" for name in ("elu", "gelu", "leaky_relu", "relu", "selu", "silu", "tanh")
)
_ONLY_NAMED = _ONLY_NAMED_BY_NUMPY | _ONLY_NAMED_BY_SKLEARN | _ONLY_NAMED_BY_TORCH

# Classes in such modules are not the package's product: test doubles, copies of other packages, downloaders.
_NOT_THE_PRODUCT = {"_testing", "_vendor", "conftest", "datasets", "externals", "testing", "tests", "utils", "vendor"}
_CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_UFUNC_HOMES = {"numpy", "numpy._core._multiarray_umath", "numpy.core._multiarray_umath"}


@dataclass(frozen=True, slots=True)
class Allowed:
    """A list of names: the standard ones, and what a flavour or the user adds.

    Attributes:
        names: As a pickle refers to them, module and name with a dot between.
        packages: Of these, all classes with a public name that are defined in the package itself.
    """

    names: frozenset[str] = frozenset()
    packages: tuple[str, ...] = ()

    @classmethod
    def standard(cls, *more: Iterable[str]) -> Allowed:
        """What every model may refer to, and `more`: names, or `package.*` for all classes of one."""
        return _STANDARD_LIST.plus(*more)

    def plus(self, *more: Iterable[str]) -> Allowed:
        """This list and more names; itself if there are none."""
        added = [name for names in more for name in names]
        if not added:
            return self
        exact = frozenset(name for name in added if not name.endswith(".*"))
        whole = tuple(name.removesuffix("*") for name in added if name.endswith(".*"))
        return Allowed(self.names | exact, (*self.packages, *whole))

    def with_torch(self) -> Allowed:
        """This list and what PyTorch reads without running code: tensors, and its own layers."""
        return Allowed(self.names | _TORCH | _ONLY_NAMED_BY_TORCH, (*self.packages, "torch.nn.modules."))

    def has(self, module: str, name: str) -> bool:
        """Whether a pickle may refer to this, judged by the words alone."""
        return f"{module}.{name}" in self.names or self._of_package(module, name) or _is_ufunc(module, name)

    def admits(self, module: str, name: str, found: object) -> bool:
        """As `has`, of what was found under the name: of a whole package only classes count, and its own."""
        if f"{module}.{name}" in self.names:
            return True
        if isinstance(found, np.ufunc):
            return _is_ufunc(module, name)
        return (
            isinstance(found, type)
            and self._of_package(module, name)
            and self._of_package(found.__module__, found.__name__)
        )

    def _of_package(self, module: str, name: str) -> bool:
        return (
            any(f"{module}.".startswith(package) for package in self.packages)
            and _CLASS_NAME.fullmatch(name) is not None
            and _NOT_THE_PRODUCT.isdisjoint(module.split("."))
        )

    def __iter__(self) -> Iterator[str]:
        yield from sorted(self.names)
        yield from (f"{package}*" for package in self.packages)


def may_be_called(module: str, name: str) -> bool:
    """Whether a pickle may call what it refers to with this name, to make an object."""
    return f"{module}.{name}" not in _ONLY_NAMED and not _is_ufunc(module, name)


def _is_ufunc(module: str, name: str) -> bool:
    return module in _UFUNC_HOMES and isinstance(getattr(np, name, None), np.ufunc)


_STANDARD_LIST = Allowed(
    _STANDARD | _NUMPY | _ONLY_NAMED_BY_NUMPY | _SCIPY | _SKLEARN | _ONLY_NAMED_BY_SKLEARN | _SCORERS
).plus(_WHOLE_PACKAGES)
