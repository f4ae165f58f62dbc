"""The universal functions."""

from __future__ import annotations

from . import numeric
from .ufunc import ufunc

__all__ = [
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_count",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "cbrt",
    "ceil",
    "conj",
    "conjugate",
    "copysign",
    "cos",
    "cosh",
    "deg2rad",
    "degrees",
    "divide",
    "divmod",
    "equal",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "float_power",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frexp",
    "gcd",
    "greater",
    "greater_equal",
    "heaviside",
    "hypot",
    "invert",
    "isfinite",
    "isinf",
    "isnan",
    "isnat",
    "lcm",
    "ldexp",
    "left_shift",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "modf",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "pow",
    "power",
    "rad2deg",
    "radians",
    "reciprocal",
    "remainder",
    "right_shift",
    "rint",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "spacing",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "true_divide",
    "trunc",
]

add = ufunc("add")
subtract = ufunc("subtract")
multiply = ufunc("multiply")
divide = ufunc("divide")
floor_divide = ufunc("floor_divide")
remainder = ufunc("remainder")
fmod = ufunc("fmod")
power = ufunc("power")
float_power = ufunc("float_power")
negative = ufunc("negative")
positive = ufunc("positive")
absolute = ufunc("absolute")
fabs = ufunc("fabs")
sign = ufunc("sign")
heaviside = ufunc("heaviside")
reciprocal = ufunc("reciprocal")
square = ufunc("square")
conjugate = ufunc("conjugate")
exp = ufunc("exp")
exp2 = ufunc("exp2")
expm1 = ufunc("expm1")
log = ufunc("log")
log2 = ufunc("log2")
log10 = ufunc("log10")
log1p = ufunc("log1p")
logaddexp = ufunc("logaddexp")
logaddexp2 = ufunc("logaddexp2")
sqrt = ufunc("sqrt")
cbrt = ufunc("cbrt")
sin = ufunc("sin")
cos = ufunc("cos")
tan = ufunc("tan")
arcsin = ufunc("arcsin")
arccos = ufunc("arccos")
arctan = ufunc("arctan")
arctan2 = ufunc("arctan2")
sinh = ufunc("sinh")
cosh = ufunc("cosh")
tanh = ufunc("tanh")
arcsinh = ufunc("arcsinh")
arccosh = ufunc("arccosh")
arctanh = ufunc("arctanh")
hypot = ufunc("hypot")
deg2rad = ufunc("deg2rad")
rad2deg = ufunc("rad2deg")
floor = ufunc("floor")
ceil = ufunc("ceil")
trunc = ufunc("trunc")
rint = ufunc("rint")
copysign = ufunc("copysign")
nextafter = ufunc("nextafter")
spacing = ufunc("spacing")
ldexp = ufunc("ldexp")
signbit = ufunc("signbit")
maximum = ufunc("maximum")
minimum = ufunc("minimum")
fmax = ufunc("fmax")
fmin = ufunc("fmin")
equal = ufunc("equal")
not_equal = ufunc("not_equal")
less = ufunc("less")
less_equal = ufunc("less_equal")
greater = ufunc("greater")
greater_equal = ufunc("greater_equal")
logical_and = ufunc("logical_and")
logical_or = ufunc("logical_or")
logical_xor = ufunc("logical_xor")
logical_not = ufunc("logical_not")
isnan = ufunc("isnan")
isnat = ufunc("isnat")
isinf = ufunc("isinf")
isfinite = ufunc("isfinite")
bitwise_and = ufunc("bitwise_and")
bitwise_or = ufunc("bitwise_or")
bitwise_xor = ufunc("bitwise_xor")
invert = ufunc("invert")
left_shift = ufunc("left_shift")
right_shift = ufunc("right_shift")
bitwise_count = ufunc("bitwise_count")
gcd = ufunc("gcd")
lcm = ufunc("lcm")
frexp = ufunc("frexp", meaning="x as a fraction of at least 1/2 and a power of two.")
divmod = ufunc("divmod", numeric.divmod)
modf = ufunc("modf", numeric.modf)
true_divide = divide
mod = remainder
pow = power
abs = absolute
conj = conjugate
asin = arcsin
acos = arccos
atan = arctan
atan2 = arctan2
asinh = arcsinh
acosh = arccosh
atanh = arctanh
radians = deg2rad
degrees = rad2deg
bitwise_not = invert
bitwise_invert = invert
bitwise_left_shift = left_shift
bitwise_right_shift = right_shift
