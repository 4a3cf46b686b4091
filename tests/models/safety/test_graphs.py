"""The descriptions of traced graphs: what PyTorch would run of them is found, and what it writes itself is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from treering.models.safety.graphs import foreign_part

SIZE = "Mul(Integer(2), Symbol('s31', positive=True, integer=True))"
TREE = json.dumps([1, {"type": "builtins.dict", "context": json.dumps(["left", "right"]), "children_spec": []}])


def graph(**changes: Any) -> dict[str, Any]:
    node = {
        "target": "torch.ops.aten.linear.default",
        "name": "linear",
        "inputs": [{"name": "input", "arg": {"as_string": "bi,ij->bj ('free')"}}],
        "metadata": {"stack_trace": 'File "a.py", line 1, in forward\n    (anything)'},
    }
    found = {
        "graph_module": {"graph": {"nodes": [node]}, "signature": [{"parameter_name": "layers.x-y.0.weight"}]},
        "sizes": [{"as_expr": {"expr_str": SIZE, "hint": {"as_int": 4}}}],
        "in_spec": TREE,
        "out_spec": TREE.replace("left", "sum of"),
        "guards_code": ["L['left'].size()[0] == L['right'].size()[0]"],
        "torch_version": "2.13.0+cpu",
    }
    node.update({name: value for name, value in changes.items() if name in node})
    found.update({name: value for name, value in changes.items() if name not in node})
    return found


def test_a_graph_as_pytorch_writes_it_is_plain() -> None:
    assert foreign_part(graph()) == ""


@pytest.mark.parametrize(
    "target",
    ["_operator.add", "math.sqrt", "torch.sym_max", "torch.ops.higher_order.cond", "torch.ops.torchvision.nms.default"],
)
def test_operators_are_plain(target: str) -> None:
    assert foreign_part(graph(target=target)) == ""


@pytest.mark.parametrize(
    "target",
    [
        *("torch.os.system", "torch.hub.load", "torch.load", "torch.ops.load_library", "os.system", "eval"),
        *("_operator.attrgetter", "_operator.methodcaller", "torch.ops.aten.from_file.default", "torch.ops.aten.save"),
        *("torch.ops.aten.linear.default.__globals__.x", "#mine:op", "torch.ops.mine.op.default"),
        *("torch.ops.higher_order.triton_kernel_wrapper_mutation", "torch.ops.image.write_file.default"),
    ],
)
def test_other_functions_are_found(target: str) -> None:
    assert target in foreign_part(graph(target=target))


@pytest.mark.parametrize("size", [SIZE, "s0*2", "(s0 + 1)//2", "Max(1, s0)", "Pow(Symbol('s0', integer=True), 2)"])
def test_sizes_are_plain(size: str) -> None:
    assert foreign_part(graph(sizes=[{"expr_str": size}])) == ""


@pytest.mark.parametrize(
    "size",
    [
        *("__import__('os').system('x')", "exec('x')", "open('x')", "s0.__class__", "[x for x in s0]", "lambda: s0"),
        *("Symbol('s0', commutative=exec('x'))", "9**9**9**9", "Pow(9, 9)", "Pow(Pow(9, 9), 9)", "1 << 99999999999"),
        *("Symbol('x);exec(1)')", "(s0).func('x')", "s0(1)", "Add('__import__(1)')", "f'{s0}'", "s0 :=", "S(1)"),
        *("1" * 100, "(" * 500 + ")" * 500, "a" * 30_000),
    ],
)
@pytest.mark.parametrize("place", ["sizes", "guards"])
def test_sizes_and_guards_that_could_run_are_found(size: str, place: str) -> None:
    described = graph(sizes=[{"expr_str": size}]) if place == "sizes" else graph(guards_code=[size])
    assert foreign_part(described)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "x=__import__('os')"},
        {"in_spec": TREE.replace("left", "left=exec(1)")},
        {"out_spec": TREE.replace("left", "a'b")},
        {"in_spec": "[not json"},
        {"anything": {"new": "print('x')"}},
        {"print('x')": 1},
    ],
    ids=str,
)
def test_names_that_are_none_are_found(changes: dict[str, Any]) -> None:
    assert foreign_part(graph(**changes))
