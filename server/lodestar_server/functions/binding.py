"""Binding one signature to the arguments of a call: finds the type and number variables, or says that it does not fit.

Source: Trino SignatureBinder. Every argument gives constraints; variables grow to common super types until nothing
changes; then each argument must equal its bound type, or coerce to it when coercions are allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lodestar_server.functions.coercions import can_coerce, coerce_base, common_super_type
from lodestar_server.functions.derivations import DERIVATIONS
from lodestar_server.functions.signatures import NUMERIC_BASES, Signature, Template, build, instantiate, numbers_of
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT, TYPE_NOT_FOUND, LodestarError
from lodestar_server.spi.types import MAX_CHAR_LENGTH, MAX_DECIMAL_PRECISION, UNKNOWN, FunctionType, Type
from lodestar_server.spi.values import frozen


@frozen
class LambdaArgument:
    """A lambda whose types depend on the overload. `analyze` gives the body's type for the parameters' types."""

    analyze: Callable[[tuple[Type, ...]], Type]


Argument = Type | LambdaArgument


@dataclass(slots=True)
class _Bindings:
    types: dict[str, Type] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


@frozen
class BoundSignature:
    """A signature with every variable bound: argument types (a FunctionType for a lambda) and result type."""

    signature: Signature
    arguments: tuple[Type, ...]
    bindings: _Bindings

    @property
    def result(self) -> Type:
        """The result type. Raises: TYPE_NOT_FOUND or INVALID_FUNCTION_ARGUMENT when it would have impossible numbers,
        which only a chosen signature may answer for.
        """
        result = substitute(self.signature.result, self.bindings.types, self.bindings.numbers)
        assert result is not None
        return result


def bind(signature: Signature, arguments: Sequence[Argument], *, coerce: bool) -> BoundSignature | None:
    """Bind the signature, None when the arguments do not fit."""
    found = _bind_arguments(signature, arguments, coerce)
    if found is None:
        return None
    bound, bindings = found
    if signature.derive is not None:
        bindings.numbers.update(DERIVATIONS[signature.derive](bindings.numbers))
    return BoundSignature(signature, bound, bindings) if _is_bound(signature.result, bindings) else None


def can_bind(signature: Signature, arguments: Sequence[Argument]) -> bool:
    """The arguments fit with coercions; the result type is not asked for."""
    return _bind_arguments(signature, arguments, True) is not None


def _bind_arguments(
    signature: Signature, arguments: Sequence[Argument], coerce: bool
) -> tuple[tuple[Type, ...], _Bindings] | None:
    templates = signature.argument_templates(len(arguments))
    if templates is None:
        return None
    bindings = _Bindings()
    for _ in range(len(arguments) + 2):
        before = (dict(bindings.types), dict(bindings.numbers))
        for template, argument in zip(templates, arguments, strict=True):
            if not _constrain(signature, template, argument, bindings, coerce):
                return None
        if (bindings.types, bindings.numbers) == before:
            break
    bound: list[Type] = []
    for template, argument in zip(templates, arguments, strict=True):
        type_ = substitute(template, bindings.types, bindings.numbers)
        if type_ is None:
            return None
        if isinstance(argument, LambdaArgument):
            # A lambda's body is never coerced: not even NULL becomes what the function wants.
            if not isinstance(type_, FunctionType) or argument.analyze(type_.arguments) != type_.result:
                return None
        elif not (can_coerce(argument, type_) if coerce else argument == type_):
            return None
        bound.append(type_)
    return tuple(bound), bindings


def _constrain(signature: Signature, template: Template, argument: Argument, bindings: _Bindings, coerce: bool) -> bool:
    """Let one argument grow the variables; False when it can never fit."""
    if template.base == "function":
        return _constrain_lambda(template, argument, bindings)
    if isinstance(argument, LambdaArgument):
        return False
    if template.is_variable:
        variable = signature.variables.get(template.base)
        if variable is None:
            return True
        known = bindings.types.get(template.base)
        grown = argument if known is None else common_super_type(known, argument)
        if grown is None or not variable.allows(grown):
            return False
        bindings.types[template.base] = grown
        return True
    if template.concrete is not None:
        return True
    if template.base in NUMERIC_BASES:
        return _constrain_numbers(template, argument, bindings, coerce)
    if argument == UNKNOWN:
        parts: tuple[Type, ...] = (UNKNOWN,) * len(template.children)
    elif argument.base == template.base and len(argument.children) == len(template.children):
        parts = argument.children
    else:
        return False
    return all(
        _constrain(signature, child, part, bindings, coerce)
        for child, part in zip(template.children, parts, strict=True)
    )


def _constrain_numbers(template: Template, argument: Type, bindings: _Bindings, coerce: bool) -> bool:
    source = coerce_base(argument, template.base) if coerce else argument
    if source is None or source.base != template.base:
        return False
    if not template.numbers:
        return True
    found = numbers_of(source)
    known = tuple(bindings.numbers.get(n) if isinstance(n, str) else n for n in template.numbers)
    if all(number is not None for number in known):
        if argument == UNKNOWN:
            return True
        common = common_super_type(instantiate(template.base, tuple(n or 0 for n in known)), source)
        if common is None:
            return False
        found = numbers_of(common)
    for name, number in zip(template.numbers, found, strict=True):
        if isinstance(name, str):
            bindings.numbers[name] = number
    return True


def _constrain_lambda(template: Template, argument: Argument, bindings: _Bindings) -> bool:
    if not isinstance(argument, LambdaArgument):
        return False  # not even NULL is a function
    *parameters, result = template.children
    types = [substitute(parameter, bindings.types, bindings.numbers) for parameter in parameters]
    if any(type_ is None for type_ in types):
        return True  # another argument has to bind them first
    made = argument.analyze(tuple(type_ for type_ in types if type_ is not None))
    if result.is_variable:
        known = bindings.types.get(result.base)
        grown = made if known is None else common_super_type(known, made)
        if grown is None:
            return False
        bindings.types[result.base] = grown
        return True
    if result.concrete is not None:
        return made == result.concrete
    expected = substitute(result, bindings.types, bindings.numbers)
    if expected is not None:
        return can_coerce(made, expected)
    if result.base in NUMERIC_BASES:
        return _constrain_numbers(result, made, bindings, True)
    return _constrain_result(result, made, bindings)


def _constrain_result(template: Template, made: Type, bindings: _Bindings) -> bool:
    """A lambda's nested result, such as array(R)."""
    if template.is_variable:
        known = bindings.types.get(template.base)
        grown = made if known is None else common_super_type(known, made)
        if grown is None:
            return False
        bindings.types[template.base] = grown
        return True
    if made.base != template.base or len(made.children) != len(template.children):
        return False
    if template.base in NUMERIC_BASES:
        return _constrain_numbers(template, made, bindings, coerce=False)
    return all(
        _constrain_result(child, part, bindings) for child, part in zip(template.children, made.children, strict=True)
    )


def substitute(template: Template, types: dict[str, Type], numbers: dict[str, int]) -> Type | None:
    """The template's type under the bindings, None while a variable is free."""
    if template.concrete is not None:
        return template.concrete
    if template.base in NUMERIC_BASES and template.numbers:
        found = tuple(numbers.get(n) if isinstance(n, str) else n for n in template.numbers)
        if any(number is None for number in found):
            return None
        return _checked(template.base, tuple(number or 0 for number in found))
    if template.is_variable:
        return types.get(template.base)
    children = tuple(substitute(child, types, numbers) for child in template.children)
    if any(child is None for child in children):
        return None
    return build(template, tuple(child for child in children if child is not None))


def _is_bound(template: Template, bindings: _Bindings) -> bool:
    """No variable of the template is free."""
    if template.concrete is not None:
        return True
    if template.is_variable:
        return template.base in bindings.types
    numbers = all(number in bindings.numbers for number in template.numbers if isinstance(number, str))
    return numbers and all(_is_bound(child, bindings) for child in template.children)


def _checked(base: str, numbers: tuple[int, ...]) -> Type:
    if base == "decimal":
        precision, scale = numbers
        if not 1 <= precision <= MAX_DECIMAL_PRECISION:
            message = f"DECIMAL precision must be in range [1, {MAX_DECIMAL_PRECISION}]: {precision}"
            raise LodestarError(INVALID_FUNCTION_ARGUMENT, message)
        if not 0 <= scale <= precision:
            message = f"DECIMAL scale must be in range [0, precision ({precision})]: {scale}"
            raise LodestarError(INVALID_FUNCTION_ARGUMENT, message)
    if base == "char" and numbers[0] > MAX_CHAR_LENGTH:
        raise LodestarError(TYPE_NOT_FOUND, f"Unknown type: char({numbers[0]})")
    return instantiate(base, numbers)
