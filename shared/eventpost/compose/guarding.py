"""Jinja, set up so that a template with deferred values cannot look at one unnoticed.

A leaf notices by itself that it is looked at. But macros and blocks give texts that have marks in them, and functions
written in C take what they get; so wherever a template could look at a text, its syntax tree gets a guard.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from jinja2 import Environment, Undefined, nodes
from jinja2.filters import FILTERS
from jinja2.runtime import Macro
from jinja2.visitor import NodeTransformer

from eventpost.compose.deferred import CHANGES, START, Deferred, Leaf, NotDeferrable, Seen, mark, marks_in


def strict(value: Any) -> Any:
    """The value, if nothing in it is deferred."""
    return value if _harmless(value) else _without(marks_in(value, leaves=True), value)


def unmarked(value: Any) -> Any:
    """The value, if no text in it has marks; a leaf may pass, it takes care of itself."""
    return value if _harmless(value) else _without(marks_in(value, leaves=False), value)


def iterated(value: Any) -> Any:
    """The value, if it may be taken apart: the items of a list may be leaves, but no text with marks."""
    items = value if isinstance(value, list | tuple) else []
    texts = [item for item in items if isinstance(item, str)]
    return _without(marks_in(texts, leaves=False) or (set() if items else marks_in(value, leaves=True)), value)


def shown(value: Any) -> Any:
    """The value as it is put out: one that is personal becomes its mark."""
    if isinstance(value, str):
        return mark(value.number) if isinstance(value, Seen) else value
    if isinstance(value, Leaf):
        return mark(~value)
    if isinstance(value, Deferred):
        raise NotDeferrable
    return strict(value)


def changed(value: Any, name: str) -> Any:
    """What this filter makes of the value; of a leaf, what it will make."""
    return value @ name if isinstance(value, Leaf) else FILTERS[name](strict(value))


def careful(callee: Any) -> Any:
    """The callee, taking no argument that is deferred. A macro may: it is a template itself."""
    if isinstance(callee, Macro | Undefined):
        return callee

    def taking_care(*args: Any, **kwargs: Any) -> Any:
        return callee(*strict(args), **strict(kwargs))

    if hasattr(callee, _PASSED):
        setattr(taking_care, _PASSED, getattr(callee, _PASSED))
    return taking_care


def _harmless(value: Any) -> bool:
    """Whether it is a text without marks, or nothing that could hold one: so are most values, and quickly seen."""
    if isinstance(value, str):
        return START not in value
    return not isinstance(value, _SUSPECT)


def _without(numbers: set[int], value: Any) -> Any:
    if numbers:
        raise NotDeferrable(numbers)
    return value


_SUSPECT: Final = (Leaf, Deferred, list, tuple, dict, set, frozenset)
_PASSED: Final = "jinja_pass_arg"  # how Jinja notes that a function wants the context too
_EVENTS_OWN: Final = ("event", "mail_list", "screenshot")
_PERSONAL: Final = ("subscriber", "links")
_OURS: Final = "eventpost_"
_SHOWING: Final = frozenset({"e", "escape", "string"})
_DEFAULTING: Final = frozenset({"d", "default"})
_HARMLESS_TESTS: Final = frozenset({"defined", "undefined", "none"})
_EQUAL_TESTS: Final = frozenset({"eq", "==", "equalto", "ne", "!="})
_BOTH_SIDES: Final = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow)
_OTHER_TEMPLATES: Final = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)
_GUARDED: Final[dict[type[nodes.Node], dict[str, str]]] = {
    nodes.If: {"test": "unmarked"},
    nodes.CondExpr: {"test": "unmarked"},
    nodes.For: {"iter": "iterated", "test": "unmarked"},
    nodes.And: {"left": "unmarked"},
    nodes.Or: {"left": "unmarked"},
    nodes.Not: {"node": "unmarked"},
    nodes.Getattr: {"node": "unmarked"},
    nodes.Getitem: {"node": "unmarked", "arg": "strict"},
    nodes.Slice: {"start": "strict", "stop": "strict", "step": "strict"},
    nodes.Pair: {"key": "strict"},
    nodes.Neg: {"node": "strict"},
    nodes.Pos: {"node": "strict"},
    **{operation: {"left": "strict", "right": "strict"} for operation in _BOTH_SIDES},
    **{statement: {"template": "strict"} for statement in _OTHER_TEMPLATES},
}


class _Guarding(NodeTransformer):
    """Puts a guard around each expression that is looked at, unless it can only be the event's.

    Args:
        own: Names under which a template finds nothing but what is the event's own.
    """

    def __init__(self, own: frozenset[str]) -> None:
        self._own = own

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        super().generic_visit(node, *args, **kwargs)
        for field, guard in _GUARDED.get(type(node), {}).items():
            setattr(node, field, self._guarded(guard, getattr(node, field)))
        return node

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:  # noqa: N802 - Jinja's names
        self.generic_visit(node)
        if isinstance(node.target, nodes.Tuple):
            node.node = self._guarded("iterated", node.node)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            node.node = _call(_name(careful), [node.node], node.lineno)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        listed = all(
            operand.op not in ("in", "notin") or isinstance(operand.expr, nodes.List | nodes.Tuple)
            for operand in node.ops
        )
        guard = "unmarked" if listed else "strict"
        node.expr = self._guarded(guard, node.expr)
        for operand in node.ops:
            operand.expr = self._guarded(guard, operand.expr)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.nodes = [self._guarded("shown", part) for part in node.nodes]
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        of_block = _of_block(node)
        self.generic_visit(node)
        if of_block:
            node.node = node.node or nodes.Filter(None, _name(strict), [], [], None, None, lineno=node.lineno)
        elif node.name in _DEFAULTING:
            node.node = self._guarded("unmarked", node.node)
            return node
        elif node.name in CHANGES and not (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs):
            return _call(_name(changed), [self._guarded("unmarked", node.node), nodes.Const(node.name)], node.lineno)
        else:
            node.node = self._guarded("shown" if node.name in _SHOWING else "strict", node.node)
        return self._arguments_guarded(node, "strict")

    def visit_Test(self, node: nodes.Test) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.name in _HARMLESS_TESTS:
            return node
        guard = "unmarked" if node.name in _EQUAL_TESTS else "strict"
        node.node = self._guarded(guard, node.node)
        return self._arguments_guarded(node, guard)

    def _arguments_guarded(self, node: nodes.Filter | nodes.Test, guard: str) -> nodes.Node:
        node.args = [self._guarded(guard, argument) for argument in node.args or ()]
        for keyword in node.kwargs or ():
            keyword.value = self._guarded(guard, keyword.value)
        node.dyn_args = self._guarded(guard, node.dyn_args)
        node.dyn_kwargs = self._guarded(guard, node.dyn_kwargs)
        return node

    def _guarded(self, guard: str, expression: Any) -> Any:
        bare = expression is None or isinstance(expression, nodes.Const | nodes.Slice)  # a slice is no value
        if bare or _is_own(expression, self._own):
            return expression
        return _call(f"{_OURS}{guard}", [expression], expression.lineno)


def _own_names(template: nodes.Template) -> frozenset[str]:
    """The names that only stand for what is the event's own: those of the context, and loops over these.

    A template that gives them to something else, in another file too, is a thing for the probes.
    """
    given = Counter(name.name for name in template.find_all(nodes.Name) if name.ctx != "load")
    given.update(macro.name for macro in template.find_all(nodes.Macro))
    given.update(imported.target for imported in template.find_all(nodes.Import))
    for imported in template.find_all(nodes.FromImport):
        given.update(name if isinstance(name, str) else name[1] for name in imported.names)
    own = frozenset(name for name in _EVENTS_OWN if not given[name])
    loops = [
        (loop.target.name, loop.iter) for loop in template.find_all(nodes.For) if isinstance(loop.target, nodes.Name)
    ]
    once = [(name, items) for name, items in loops if given[name] == 1 and name not in _PERSONAL]
    while more := {name for name, items in once if _is_own(items, own)} - own:
        own |= more
    return own


def _is_own(expression: nodes.Node, own: frozenset[str]) -> bool:
    """Whether this is one of these names, or a part of what it stands for."""
    while isinstance(expression, nodes.Getattr):
        expression = expression.node
    return isinstance(expression, nodes.Name) and expression.ctx == "load" and expression.name in own


def _of_block(node: nodes.Filter) -> bool:
    """Whether it is a filter of `{% filter %}` or `{% set %}`: the innermost has the block's text instead of a node."""
    inner: nodes.Expr | None = node
    while isinstance(inner, nodes.Filter):
        inner = inner.node
    return inner is None


def _name(guard: Callable[..., Any]) -> str:
    return f"{_OURS}{guard.__name__}"


def _call(guard: str, arguments: list[nodes.Expr], line: int) -> nodes.Filter:
    """The guard as a filter, which is what Jinja calls with the least ado: there are hundreds in a mail."""
    value, *others = arguments
    return nodes.Filter(value, guard, others, [], None, None, lineno=line)


class DeferringEnvironment(Environment):
    """Jinja with guards. Without a deferred value in the context it renders as Jinja does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(finalize=shown, **options)
        for guard in (strict, unmarked, iterated, shown, changed, careful):
            self.filters[_name(guard)] = guard

    def _generate(self, source: nodes.Template, *others: Any, **named: Any) -> str:
        """Jinja's own hook for generating another code than it does."""
        return super()._generate(_Guarding(_own_names(source)).visit(source), *others, **named)
