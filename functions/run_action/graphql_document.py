"""A GraphQL document before it is sent: one operation that the action allows, not too deep and not too wide.

Only this room's package has the parser. https://spec.graphql.org/October2021/#sec-Language
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from functions.run_action.failure import ActionFailed

MOST_TOKENS = 4000
MOST_CHARACTERS = 32 * 1024
MOST_DEPTH = 16
MOST_FIELDS = 400
"""With every fragment counted wherever it is spread."""
MOST_ALIASES = 40
INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may be sent; `operation` is query or mutation."""

    text: str
    operation: str
    variables: tuple[str, ...]
    required: tuple[str, ...]
    """Variables that have no default and must not be null."""


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    introspects: bool = False

    def beside(self, other: "_Size") -> "_Size":
        return _Size(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.introspects or other.introspects,
        )


def document_of(text: str, *, introspection: bool) -> Document:
    """The document, read; what does not begin with an operation's keyword may begin with its name.

    Raises `ActionFailed` with what is wrong, for the model.
    """
    try:
        return _checked(text, introspection=introspection)
    except _Unreadable as unreadable:
        try:
            return _checked(f"query {text}", introspection=introspection)
        except _Unreadable:
            raise ActionFailed("graphql_syntax", str(unreadable)) from None


class _Unreadable(Exception):
    """Not GraphQL; the message is the parser's."""


def _checked(text: str, *, introspection: bool) -> Document:
    operation, fragments = _read(text)
    size = _Measure(fragments).of(operation.selection_set)
    if size.introspects and not introspection:
        raise ActionFailed("graphql_introspection", "This function may not ask for the schema.")
    for name, found, most in (
        ("levels", size.depth, MOST_DEPTH),
        ("fields", size.fields, MOST_FIELDS),
        ("aliases", size.aliases, MOST_ALIASES),
    ):
        if found > most:
            raise ActionFailed(
                "graphql_too_large", f"The query has more than {most} {name}; ask for less at once."
            )
    definitions = operation.variable_definitions or ()
    return Document(
        text,
        operation.operation.value,
        tuple(one.variable.name.value for one in definitions),
        tuple(
            one.variable.name.value
            for one in definitions
            if isinstance(one.type, NonNullTypeNode) and one.default_value is None
        ),
    )


def _read(text: str) -> tuple[OperationDefinitionNode, Mapping[str, FragmentDefinitionNode]]:
    try:
        tree = parse(
            text,
            max_tokens=MOST_TOKENS,
            max_comments=MOST_TOKENS,
            max_source_length=MOST_CHARACTERS,
        )
    except GraphQLError as error:
        raise _Unreadable(str(error)) from error
    operations = [one for one in tree.definitions if isinstance(one, OperationDefinitionNode)]
    fragments = [one for one in tree.definitions if isinstance(one, FragmentDefinitionNode)]
    if len(operations) != 1 or len(operations) + len(fragments) != len(tree.definitions):
        raise ActionFailed(
            "graphql_operations", "Send one operation, with its fragments and nothing else."
        )
    by_name = {one.name.value: one for one in fragments}
    if len(by_name) != len(fragments):
        raise ActionFailed("graphql_syntax", "Syntax Error: two fragments have one name.")
    return operations[0], by_name


class _Measure:
    """How large a selection is; each fragment is measured once, so that no document takes long."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, _Size] = {}
        self._open: set[str] = set()

    def of(self, selections: SelectionSetNode | None) -> _Size:
        if selections is None:
            return _Size()
        size = _Size()
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                size = size.beside(self._field(selection))
            elif isinstance(selection, InlineFragmentNode):
                size = size.beside(self.of(selection.selection_set))
            elif isinstance(selection, FragmentSpreadNode):
                size = size.beside(self._fragment(selection.name.value))
        return size

    def _field(self, field: FieldNode) -> _Size:
        inner = self.of(field.selection_set)
        return _Size(
            inner.depth + 1,
            inner.fields + 1,
            inner.aliases + (field.alias is not None),
            inner.introspects or field.name.value in INTROSPECTION,
        )

    def _fragment(self, name: str) -> _Size:
        fragment: Any = self._fragments.get(name)
        if fragment is None or name in self._open:
            raise ActionFailed(
                "graphql_syntax",
                f"Syntax Error: the fragment {name[:64]!r} is not defined, or contains itself.",
            )
        if len(self._open) > MOST_DEPTH:
            raise ActionFailed(
                "graphql_too_large", "Fragments are nested too deeply in each other."
            )
        if name not in self._known:
            self._open.add(name)
            self._known[name] = self.of(fragment.selection_set)
            self._open.remove(name)
        return self._known[name]
