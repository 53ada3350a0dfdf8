"""Names that generated code must not use, because they already mean something where it stands."""

from __future__ import annotations

import builtins
import keyword
from typing import Final

# What a models module imports, what datamodel-code-generator would import or rename on sight (`Model`, `Any`), and every
# builtin: a class called `Exception` or `int` would change what the next line means.
CLASS_NAMES: Final = frozenset(
    {
        *(name for name in dir(builtins) if not name.startswith("_")),
        *(word for word in keyword.kwlist if word[0].isupper()),
        "Annotated", "Any", "BaseModel", "ClassVar", "Field", "Literal", "Meta", "Model", "Notrequired", "NotRequired",
        "OneOf", "Open", "Optional", "Req", "Required", "RootModel", "Self", "Struct", "TypeAlias", "TypeAliasType",
        "TypedDict", "Union", "UnsetType", "UNSET", "MISSING",
        "ObjectMeta",  # every module imports it
    }
)  # fmt: skip

# Builtins that annotations use (inside a class body, `list: ...` would hide the type for the lines below it), and `self`.
ATTRIBUTES: Final = frozenset({"bool", "dict", "field", "float", "int", "list", "self", "str"})

# What open classes have of their own (`kubewright.open`).
OPEN_ATTRIBUTES: Final = frozenset({"extra", "known", "wire_names"})

# Names that the group classes' own bodies use, and attributes of the clientset and factory themselves.
GROUP_ATTRIBUTES: Final = frozenset(
    {"transport", "factory", "close", "client_types", "lister_types", "model_types", "runtime", "cached_property"}
)
CLIENTSET_ATTRIBUTES: Final = frozenset(
    {"transport", "close", "from_config", "from_kubeconfig", "in_cluster", "for_url", "start", "shutdown", "informers", "informer_for", "clientset"}
)  # fmt: skip

# First labels of the API server's own groups: a CRD group that starts like one of them is called by its whole name.
BUILT_IN_LABELS: Final = frozenset(
    {
        "admissionregistration", "apiextensions", "apiregistration", "apps", "authentication", "authorization",
        "autoscaling", "batch", "certificates", "coordination", "core", "discovery", "events", "extensions",
        "flowcontrol", "internal", "meta", "networking", "node", "policy", "rbac", "resource", "scheduling", "storage",
        "storagemigration",
    }
)  # fmt: skip

# Names that datamodel-code-generator takes for the standard library's wherever it reads a bare type name: an own class of
# such a name is referred to by `$ref` (`codegen.render.models`).
STANDARD_LIBRARY: Final = frozenset(
    {
        "AbstractSet", "AnyStr", "AsyncContextManager", "AsyncGenerator", "AsyncIterable", "AsyncIterator", "Awaitable",
        "BinaryIO", "Buffer", "ByteString", "Callable", "ChainMap", "Clamped", "Collection", "Concatenate", "Container",
        "Context", "ContextManager", "ConversionSyntax", "Coroutine", "Counter", "Decimal", "DecimalException",
        "DecimalTuple", "DefaultDict", "Deque", "Dict", "DirEntryInfo", "DivisionByZero", "DivisionImpossible",
        "DivisionUndefined", "DynamicClassAttribute", "Enum", "EnumCheck", "EnumDict", "EnumMeta", "EnumType", "Final",
        "Flag", "FlagBoundary", "FloatOperation", "ForwardRef", "FrozenSet", "Generator", "Generic", "GenericAlias",
        "Hashable", "IO", "Inexact", "IntEnum", "IntFlag", "InvalidContext", "InvalidOperation", "ItemsView", "Iterable",
        "Iterator", "KeysView", "List", "LiteralString", "Mapping", "MappingView", "Match", "MutableMapping",
        "MutableSequence", "MutableSet", "NamedTuple", "Never", "NewType", "NoDefault", "NoExtraItems", "NoReturn",
        "OrderedDict", "Overflow", "ParamSpec", "ParamSpecArgs", "ParamSpecKwargs", "Path", "PathInfo", "Pattern",
        "PatternError", "PosixPath", "Protocol", "PurePath", "PurePosixPath", "PureWindowsPath", "ReadOnly", "RegexFlag",
        "ReprEnum", "Reversible", "Rounded", "SafeUUID", "Scanner", "Sequence", "Set", "Sized", "StrEnum", "Subnormal",
        "SupportsAbs", "SupportsBytes", "SupportsComplex", "SupportsFloat", "SupportsIndex", "SupportsInt",
        "SupportsRound", "Text", "TextIO", "Tuple", "Type", "TypeForm", "TypeGuard", "TypeIs", "TypeVar", "TypeVarTuple",
        "UUID", "Underflow", "Unpack", "UnsupportedOperation", "UserDict", "UserList", "UserString", "ValuesView",
        "WindowsPath",
    }
)  # fmt: skip
