"""YAML as manifests may use it: plain data, no tags, no key twice, bounded depth and aliases."""

from typing import Any

import yaml

from infra.manifests.problems import Key
from infra.manifests.unreadable import DEEPEST, Mistake, Unreadable, unfit

LARGEST_VALUE = 50_000
"""Parts of a document after its aliases are written out."""
_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset(
    f"{_TAG}{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null")
)
_MERGE = f"{_TAG}merge"
_TIMESTAMP = f"{_TAG}timestamp"


class _TooDeep(yaml.MarkedYAMLError):
    """Mappings and lists lie in one another further than allowed."""


class _Loader(yaml.SafeLoader):
    """Reads nodes within bounds; a date stays text."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _TooDeep(problem="nested too deeply", problem_mark=self.get_mark())
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str) -> tuple[Any, dict[Key, int]]:
    """The document's value and the line of every key; raises `Unreadable`."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        code = "too_deep" if isinstance(error, _TooDeep) else "bad_yaml"
        raise Unreadable([Mistake(code, _said(error), _line(error.problem_mark))]) from error
    except yaml.YAMLError as error:
        raise Unreadable([Mistake("bad_yaml", " ".join(str(error).split()))]) from error
    if node is None:
        return None, {}
    _refuse_bombs(node)
    lines: dict[Key, int] = {}
    mistakes: list[Mistake] = []
    _walk(node, (), lines, mistakes)
    if mistakes:
        raise Unreadable(mistakes)
    try:
        value = loader.construct_document(node)
    except (yaml.MarkedYAMLError, ValueError) as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        raise Unreadable([Mistake("bad_yaml", " ".join(str(error).split()), _line(mark))]) from (
            error
        )
    if parts := [Mistake(code, why, lines.get(key, 0), key) for key, code, why in unfit(value)]:
        raise Unreadable(parts)
    return value, lines


def _refuse_bombs(root: yaml.Node) -> None:
    """Raises `Unreadable` for aliases that grow or hold themselves."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        if id(node) in open_nodes:
            raise Unreadable([Mistake("alias_bomb", "an alias holds itself", _line_of(node))])
        open_nodes.add(id(node))
        total = 1 + sum(size(part) for part in _parts(node))
        if total > LARGEST_VALUE:
            message = f"with its aliases written out it has more than {LARGEST_VALUE:,} parts"
            raise Unreadable([Mistake("alias_bomb", message, _line_of(node))])
        sizes[id(node)] = total
        return total

    size(root)


def _walk(node: yaml.Node, key: Key, lines: dict[Key, int], mistakes: list[Mistake]) -> None:
    """Notes lines; collects tags, keys that are no text, and keys that stand twice."""
    lines.setdefault(key, _line_of(node))
    if node.tag not in _PLAIN:
        message = f"the tag {node.tag.replace(_TAG, '!!')} is not read here"
        mistakes.append(Mistake("yaml_tag", message, _line_of(node), key))
    if isinstance(node, yaml.SequenceNode):
        for index, part in enumerate(node.value):
            _walk(part, (*key, index), lines, mistakes)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for name, part in node.value:
            if name.tag == _MERGE:
                _walk(part, key, lines, mistakes)
                continue
            where = (*key, str(name.value) if isinstance(name, yaml.ScalarNode) else "?")
            if not isinstance(name, yaml.ScalarNode) or name.tag != f"{_TAG}str":
                message = "a key must be text: put it into quotes"
                mistakes.append(Mistake("bad_key", message, _line_of(name), where))
            elif name.value in seen:
                mistakes.append(Mistake("duplicate_key", "it stands twice", _line_of(name), where))
            else:
                seen.add(name.value)
            lines[where] = _line_of(name)
            _walk(part, where, lines, mistakes)


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return []


def _said(error: yaml.MarkedYAMLError) -> str:
    said = ", ".join(filter(None, (error.context, error.problem)))
    hint = "; indent with spaces" if "'\\t'" in said else ""
    return " ".join(said.split()) + hint


def _line_of(node: yaml.Node) -> int:
    return _line(node.start_mark)


def _line(mark: yaml.Mark | None) -> int:
    return mark.line + 1 if mark is not None else 0
