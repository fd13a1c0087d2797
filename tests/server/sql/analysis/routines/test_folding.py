"""Which bodies become one expression, and which are left to run."""

from __future__ import annotations

from lodestar_server.ir import Case, Comparison, ComparisonOperator, Constant, Symbol, SymbolRef
from lodestar_server.ir.routines import Assign, Branch, Loop, Return
from lodestar_server.spi.types import INTEGER
from lodestar_server.sql.analysis.routines.folding import folded

X, Y = Symbol(1, INTEGER, "x"), Symbol(2, INTEGER, "y")
ONE, TWO = Constant(INTEGER, 1), Constant(INTEGER, 2)
POSITIVE = Comparison(ComparisonOperator.GREATER, SymbolRef(X), ONE)


def test_a_return_is_its_value() -> None:
    assert folded((Return(ONE), Return(TWO))) == ONE


def test_a_branch_goes_on_with_what_follows_it() -> None:
    body = (Assign(Y, ONE), Branch(((POSITIVE, (Assign(Y, TWO),)),)), Return(SymbolRef(Y)))
    assert folded(body) == Case(((POSITIVE, TWO),), ONE)


def test_a_variable_that_is_computed_is_left_to_run() -> None:
    """Its value may fail although nobody reads it."""
    assert folded((Assign(Y, Case(((POSITIVE, ONE),), TWO)), Return(ONE))) is None


def test_loops_are_left_to_run() -> None:
    assert folded((Loop(None, (Return(ONE),)), Return(TWO))) is None


def test_a_body_that_would_explode_is_left_to_run() -> None:
    fork = Branch(((POSITIVE, (Assign(Y, ONE),)),))
    assert folded((*[fork] * 20, Return(SymbolRef(Y)))) is None
