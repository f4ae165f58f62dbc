"""Coefficients and constants of the vector math, for float64 and float32.

The polynomials interpolate the functions at Chebyshev nodes in 60 decimal digits,
which is within a small factor of the best possible (minimax) error; coefficients
stand from the lowest power to the highest. Constants in several parts are cut so that
the product of the first part and the integer it is multiplied with is exact.

* W. J. Cody, W. Waite, "Software Manual for the Elementary Functions", 1980: argument
  reduction in parts.
* P. T. P. Tang, "Table-driven implementation of the exponential function", ACM TOMS
  15 (1989); the forms of log, log1p and expm1 are those of Sun's fdlibm.
* J.-M. Muller, "Elementary Functions", 3rd edition, 2016: error of each step.
"""

from __future__ import annotations

from typing import NamedTuple

Table = tuple[float, ...]

EXP64 = (  # (exp(r) - 1 - r) / r**2, |r| <= ln(2) / 2
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662399,
    0.008333333333330051,
    0.0013888888917281794,
    0.00019841269863105968,
    2.480152119021773e-05,
    2.7557268378684192e-06,
    2.7620138719733994e-07,
    2.5100424157005067e-08,
)
LOG64 = (  # (log((1 + s) / (1 - s)) / s - 2) / z, z = s**2 <= 0.0295
    0.6666666666666666,
    0.40000000000000885,
    0.28571428570799784,
    0.22222222392581045,
    0.18181795547521137,
    0.15386244737621665,
    0.13268638369266825,
    0.13088034850927555,
)
SIN64 = (  # (sin(x) / x - 1) / z, z = x**2 <= (pi / 4)**2
    -0.16666666666666666,
    0.008333333333333331,
    -0.0001984126984126504,
    2.7557319219320575e-06,
    -2.5052106225992787e-08,
    1.6058530596390244e-10,
    -7.586636867766497e-13,
)
COS64 = (  # (cos(x) - 1 + z / 2) / z**2, the same z
    0.041666666666666664,
    -0.0013888888888888887,
    2.4801587301584632e-05,
    -2.755731922139249e-07,
    2.0876755787491707e-09,
    -1.1470460319067341e-11,
    4.7458384041586735e-14,
)
TANH64 = (  # (tanh(x) / x - 1) / z, z = x**2, x <= 0.6
    -0.3333333333333333,
    0.13333333333333205,
    -0.05396825396808531,
    0.021869488527368107,
    -0.008863235292803289,
    0.0035921242500086925,
    -0.0014557958855734635,
    0.0005897680994688268,
    -0.00023795201383924994,
    9.332432233847448e-05,
    -3.2086614037935994e-05,
    6.934046420988954e-06,
)
ERF64 = (  # erf(x) / x - 1, z = x**2 <= 1
    0.1283791670955126,
    -0.3761263890318375,
    0.11283791670954879,
    -0.026866170645076792,
    0.0052239776248180145,
    -0.000854832698083379,
    0.0001205533111164271,
    -1.4925595266831182e-05,
    1.6461000484121368e-06,
    -1.6350312701054695e-07,
    1.4659775274047436e-08,
    -1.1372848856791674e-09,
    5.957176147748911e-11,
)
ERFCX64 = (  # exp(a**2) * erfc(a) of (a - c) / (a + c), a >= 1/2
    0.13699945762506138,
    -0.25906804876017164,
    0.2187196789182648,
    -0.16425781669730855,
    0.10896317739891233,
    -0.06310781563976428,
    0.03129905651849426,
    -0.012843946030783364,
    0.004060263626592044,
    -0.0007991268198266979,
    -2.17617432848991e-05,
    7.89832195068972e-05,
    -2.2555922130336855e-05,
    -1.9033517149746364e-06,
    2.944176987485061e-06,
    -4.083917720513714e-07,
    -2.833370137158221e-07,
    9.563854762976644e-08,
    2.4404131759307982e-08,
    -1.4640905124498715e-08,
    -1.6679288152460366e-09,
    1.4756430182189599e-09,
)
EXP32 = (  # (exp(r) - 1 - r) / r**2, |r| <= ln(2) / 2
    0.5,
    0.16666576845993977,
    0.04166655443768594,
    0.008363202971575855,
    0.0013926213466332444,
)
LOG32 = (  # ((log(1 + g) - g) / g**2 + 1/2) / g
    0.33333331180030046,
    -0.24999996957950882,
    0.200007157488921,
    -0.16667802319501254,
    0.1424905764569748,
    -0.12425687331451106,
    0.1168541992348674,
    -0.11479733846637635,
    0.06971611471451178,
)
SIN32 = (  # (sin(x) / x - 1) / z, z = x**2 <= (pi / 4)**2
    -0.16666664656310706,
    0.008332747104372895,
    -0.000195876390357926,
)
COS32 = (  # (cos(x) - 1 + z / 2) / z**2, the same z
    0.04166666465348729,
    -0.0013888301867270142,
    2.4547689709382208e-05,
)
TANH32 = (  # (tanh(x) / x - 1) / z, z = x**2, x <= 0.6
    -0.3333332843331859,
    0.13332718845589667,
    -0.053843263175278766,
    0.020961329108563815,
    -0.0060451650965224,
)
ERF32 = (  # erf(x) / x - 1, z = x**2 <= 1
    0.12837916584835093,
    -0.37612626666720334,
    0.11283594715160218,
    -0.026854212010626412,
    0.005189087423433974,
    -0.000801686428716587,
    7.875875062685488e-05,
)
ERFCX32 = (  # exp(a**2) * erfc(a) of (a - c) / (a + c), a >= 1/2
    0.25539567680873676,
    -0.42718584813873506,
    0.24165813780062892,
    -0.07897848812165953,
    0.003733942142030884,
    0.006995743734700921,
    -0.0008542296756971508,
    -0.0009709568233411232,
    6.459232202566696e-05,
    0.0001453474043955957,
)
LOG_POWER64 = (  # (log64 - 2 / 3) / z
    0.4,
    0.2857142857142937,
    0.22222222221652765,
    0.18181818336099848,
    0.1538459488700718,
    0.1333480879881234,
    0.11706126464563398,
    0.11724327060846747,
)
LOG_SHORT64 = (  # as LOG64, 7e-12
    0.6666666666737868,
    0.3999999879244169,
    0.28571755535032944,
    0.22191337428065783,
    0.19363884986633198,
)
EXP_SHORT64 = (  # as EXP64, 1.4e-9
    0.5000000013498178,
    0.16666666681659179,
    0.04166646460202654,
    0.008333310889582076,
    0.0013933685862617174,
    0.00019891030654370327,
)


class Format(NamedTuple):
    """What the formulas need to know of a floating-point format."""

    digits: int  # stored bits of the significand
    bias: int  # of the exponent
    shifter: float  # adding it rounds to an integer, kept in the low bits
    shifter_bits: int
    tiny: float  # below it f(x) = x for odd f with f'(0) = 1
    normal: float  # smallest number with all its digits
    lift: int  # powers of 2 that bring smaller ones into range
    half_root: int  # bits of the number just below sqrt(1/2)
    ln2: tuple[float, float]
    log2_e: tuple[float, float]
    log10_e: tuple[float, float]
    log10_2: tuple[float, float]
    half_pi: tuple[float, float, float]
    far: float  # sine and cosine reduce arguments only up to here
    exp_range: tuple[float, float]
    expm1_range: tuple[float, float]
    sinh_high: float
    tanh_high: float
    exp: Table
    log: Table
    sin: Table
    cos: Table
    tanh: Table
    erf: Table
    erfcx: Table
    erfcx_centre: float
    erfc_high: float


FORMATS = {
    "float64": Format(
        digits=52,
        bias=1023,
        shifter=6755399441055744.0,
        shifter_bits=0x4338000000000000,
        tiny=1e-290,
        normal=2.2250738585072014e-308,
        lift=54,
        half_root=0x3FE6A09E667F3BCD,
        ln2=(0.6931471805598903, 5.497923018708371e-14),
        log2_e=(1.4426950408889634, 2.0355273740931033e-17),
        log10_e=(0.4342944819032518, 1.098319650216765e-17),
        log10_2=(0.30102999566395283, 2.8363394551044964e-14),
        half_pi=(1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21),
        far=1e6,
        exp_range=(-746.0, 711.0),
        expm1_range=(-50.0, 709.9),
        sinh_high=710.6,
        tanh_high=22.0,
        exp=EXP64,
        log=LOG64,
        sin=SIN64,
        cos=COS64,
        tanh=TANH64,
        erf=ERF64,
        erfcx=ERFCX64,
        erfcx_centre=4.0,
        erfc_high=27.3,
    ),
    "float32": Format(
        digits=23,
        bias=127,
        shifter=12582912.0,
        shifter_bits=0x4B400000,
        tiny=1e-30,
        normal=1.1754943508222875e-38,
        lift=24,
        half_root=0x3F3504F3,
        ln2=(0.693145751953125, 1.428606765330187e-06),
        log2_e=(1.4426950216293335, 1.925963033500011e-08),
        log10_e=(0.4342944920063019, -1.0103049952192578e-08),
        log10_2=(0.301025390625, 4.605038981195214e-06),
        half_pi=(1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15),
        far=3e4,
        exp_range=(-105.0, 89.5),
        expm1_range=(-20.0, 89.0),
        sinh_high=89.6,
        tanh_high=10.0,
        exp=EXP32,
        log=LOG32,
        sin=SIN32,
        cos=COS32,
        tanh=TANH32,
        erf=ERF32,
        erfcx=ERFCX32,
        erfcx_centre=2.0,
        erfc_high=10.1,
    ),
}
"""dtype to constants."""
