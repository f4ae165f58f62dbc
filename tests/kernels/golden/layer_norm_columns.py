@numba.jit(
    'void(CPointer(float64), CPointer(float64), CPointer(float64), '
    'CPointer(float64), float64, float64, int64, int64, int64, int64, int64, '
    'int64, int64, int64, int64, int64, int64, int64)',
    nogil=True, error_model='numpy',
)  # and no two arguments overlap (noalias)
def layer_norm(
    a0, a1, a2, a3, s0, s1, n0, n1, o0, d0_1, o1, d1_1, o2, d2_1, o3, d3_1, lo, hi,
):
    block0 = stack(float64, 256)
    total0 = stack(float64, 256)
    rest0 = stack(float64, 256)
    block1 = stack(float64, 256)
    total1 = stack(float64, 256)
    rest1 = stack(float64, 256)
    t0_all = stack(float64, 256)
    t1_all = stack(float64, 256)
    t4_all = stack(float64, 256)
    t5_all = stack(float64, 256)
    width = (n0 + 255) // 256
    for unit in range(lo, hi):
        first = unit % width * 256
        count = min(256, n0 - first)
        p0 = o0 + first
        p3 = o3 + first
        for i0 in range(count):
            total0[i0] = -0.0 if n1 > 0 else 0.0
            rest0[i0] = 0.0
        for block in range(0, n1, 4096):
            end = min(block + 4096, n1)
            for i0 in range(count):
                block0[i0] = float64(-0.0)
            for start in range(block, end, 32):
                stop = min(start + 32, end)
                columns_sum(
                    block0, at(a0, p0 + start * d0_1), d0_1, count, stop - start,
                )
            for i0 in range(count):
                rest0[i0] = rest0[i0] + lost(total0[i0], block0[i0])
                total0[i0] = total0[i0] + block0[i0]
        for i0 in range(count):
            t0_all[i0] = compensated(total0[i0], rest0[i0])
        for i0 in range(count):
            t0 = t0_all[i0]
            t1 = float64(t0 / s0)
            t1_all[i0] = t1
        for i0 in range(count):
            total1[i0] = -0.0 if n1 > 0 else 0.0
            rest1[i0] = 0.0
        for block in range(0, n1, 4096):
            end = min(block + 4096, n1)
            for i0 in range(count):
                block1[i0] = float64(-0.0)
            for r in range(block, end):
                q0 = p0 + r * d0_1
                for i0 in range(count):
                    t1 = t1_all[i0]
                    x1 = a0[q0 + i0]
                    t2 = float64(x1 - t1)
                    t3 = float64(t2 * t2)
                    block1[i0] = float64(block1[i0] + t3)
            for i0 in range(count):
                rest1[i0] = rest1[i0] + lost(total1[i0], block1[i0])
                total1[i0] = total1[i0] + block1[i0]
        for i0 in range(count):
            t4_all[i0] = compensated(total1[i0], rest1[i0])
        for i0 in range(count):
            t4 = t4_all[i0]
            t5 = float64(1.0 / sqrt(t4 / s0 + s1))
            t5_all[i0] = t5
        for r in range(n1):
            q0 = p0 + r * d0_1
            q1 = o1 + r * d1_1
            q2 = o2 + r * d2_1
            q3 = p3 + r * d3_1
            for i0 in range(count):
                t1 = t1_all[i0]
                t5 = t5_all[i0]
                x2 = a0[q0 + i0]
                x3 = a1[q1]
                x4 = a2[q2]
                t6 = float64((x2 - t1) * t5 * x3 + x4)
                a3[q3 + i0] = t6
