"""The code that a template is compiled to: what Jinja would run by itself goes through the dialect.

The environment has the methods that the code calls: `decimal`, `compare`, `cut`,
`concatenate`, `admitted`.
"""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE

_FILE_NAME = "<template>"
_Display = nodes.List | nodes.Tuple | nodes.Dict


def compile_nodes(environment: Environment, tree: nodes.Template) -> tuple[Template, frozenset[str]]:
    """Compile a template's tree; gives the variables that it reads, too."""
    generator = _DialectCode(environment)
    generator.visit(tree)
    code = compile(generator.stream.getvalue(), _FILE_NAME, "exec")  # type: ignore[attr-defined]  # a StringIO
    return Template.from_code(environment, code, {}), frozenset(generator.read_names)


class _DialectCode(CodeGenerator):
    """Writes the code of literals, comparisons and joins so that they pass the dialect.

    `read_names` are the variables that the code looks up; `jinja2.meta` would write the whole
    code a second time to find them.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment, name=None, filename=None, optimized=False)
        self.read_names: set[str] = set()

    def enter_frame(self, frame: Frame) -> None:
        super().enter_frame(frame)
        loads = frame.symbols.loads.values()
        self.read_names.update(name for action, name in loads if action == VAR_LOAD_RESOLVE and name is not None)

    def visit_Const(self, node: nodes.Const, frame: Frame) -> None:  # noqa: N802  # Jinja's visitor names
        if isinstance(node.value, float):
            self.write(f"environment.decimal({repr(node.value)!r})")
        else:
            super().visit_Const(node, frame)

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        self.write("environment.compare(context, ")
        self.visit(node.expr, frame)
        for operand in node.ops:
            self.write(f", ({operand.op!r}, ")
            self.visit(operand.expr, frame)
            self.write(")")
        self.write(")")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        self._admit(node, super().visit_List, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        self._admit(node, super().visit_Tuple, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self._admit(node, super().visit_Dict, frame)

    def _admit(self, node: _Display, visit: Callable[[Any, Frame], None], frame: Frame) -> None:
        """Have what is put together of other values measured; what is written out is as long as its text."""
        if getattr(node, "ctx", "load") != "load" or node.find(nodes.Name) is None:
            visit(node, frame)
            return
        self.write("environment.admitted(context, ")
        visit(node, frame)
        self.write(")")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        if not isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self.write("environment.cut(context, ")
        self.visit(node.node, frame)
        for bound in (node.arg.start, node.arg.stop, node.arg.step):
            self.write(", ")
            self.visit(nodes.Const(None) if bound is None else bound, frame)
        self.write(")")

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("environment.concatenate(context, (")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")
