"""Constants of the vector math, for float64 and float32."""

from __future__ import annotations

from typing import NamedTuple

from . import vecmath_tables as tables
from .vecmath_tables import Table


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
    sinh: Table
    tanh: Table
    erf: Table
    erfcx: Table
    erfc_high: float
    atan: Table
    asin: Table
    right_angle: tuple[float, float]  # pi / 2
    cbrt: Table
    gamma: Table
    gamma_slope: tuple[float, float]  # 1 - Euler's constant
    gamma_bend: tuple[float, float]  # (pi**2 / 6 - 1) / 2
    stirling: Table
    stirling_base: tuple[float, float]  # (log(2 * pi) - 1) / 2


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
        half_pi=(1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33),
        far=1e12,
        exp_range=(-746.0, 711.0),
        expm1_range=(-50.0, 709.9),
        sinh_high=710.6,
        tanh_high=22.0,
        exp=tables.EXP64,
        log=tables.LOG64,
        sin=tables.SIN64,
        cos=tables.COS64,
        sinh=tables.SINH64,
        tanh=tables.TANH64,
        erf=tables.ERF64,
        erfcx=tables.ERFCX64,
        erfc_high=27.3,
        atan=tables.ATAN64,
        asin=tables.ASIN64,
        right_angle=(1.5707963267948966, 6.123233995736766e-17),
        cbrt=tables.CBRT64,
        gamma=tables.GAMMA64,
        gamma_slope=(0.42278433509846713, 4.942915152430645e-18),
        gamma_bend=(0.3224670334241132, 1.520336175199238e-17),
        stirling=tables.STIRLING64,
        stirling_base=(0.4189385332046727, 1.6728209650585413e-17),
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
        far=2e5,
        exp_range=(-105.0, 89.5),
        expm1_range=(-20.0, 89.0),
        sinh_high=89.6,
        tanh_high=10.0,
        exp=tables.EXP32,
        log=tables.LOG32,
        sin=tables.SIN32,
        cos=tables.COS32,
        sinh=tables.SINH32,
        tanh=tables.TANH32,
        erf=tables.ERF32,
        erfcx=tables.ERFCX32,
        erfc_high=10.1,
        atan=tables.ATAN32,
        asin=tables.ASIN32,
        right_angle=(1.5707963705062866, -4.371138828673793e-08),
        cbrt=tables.CBRT32,
        gamma=tables.GAMMA32,
        gamma_slope=(0.42278432846069336, 6.637773886097875e-09),
        gamma_bend=(0.32246702909469604, 4.329417269133273e-09),
        stirling=tables.STIRLING32,
        stirling_base=(0.418938547372818, -1.4168144879533884e-08),
    ),
}
"""dtype to constants.

Constants in two or three parts are rounded part by part. Of log(2) and log10(2) the
first part is shorter, so that its product with an exponent is exact; that of pi / 2
needs no such care, because there the product is only ever part of a multiply-add.
"""
