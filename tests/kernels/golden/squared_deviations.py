@numba.jit(
    'void(CPointer(float64), CPointer(float64), int64, int64, int64, int64, int64, '
    'int64, int64)',
    nogil=True, error_model='numpy',
)  # and no two arguments overlap (noalias)
def squared_deviations_float64(a0, a1, n0, n1, o0, d0_0, o1, lo, hi):
    lanes0 = stack(float64, 32)
    for row in range(lo, hi):
        i0 = row
        p0 = o0 + i0 * d0_0
        p1 = o1 + i0
        mean0 = float64(0.0)
        trail0 = float64(0.0)
        total0 = float64(0.0)
        rest0 = float64(0.0)
        for block in range(0, n1, 4096):
            end = min(block + 4096, n1)
            for start in range(block, end, 1024):
                stop = min(start + 1024, end)
                clear_sum(lanes0)
                lanes_sum(lanes0, at(a0, p0 + start), stop - start)
                count0 = float64(stop - start)
                near0 = merge_sum(lanes0) / count0
                away0, squares0 = distances_ahead(at(a0, p0 + start), stop - start, near0)
                part0, spread0 = moments(away0, squares0, count0)
                if start - block == 0:
                    block_mean0 = near0
                    block_trail0 = part0
                    block_total0 = spread0
                    block_rest0 = float64(0.0)
                if start - block > 0:
                    block_mean0, block_trail0, block_total0, block_rest0 = joined_moments(
                        block_mean0, block_trail0, block_total0, block_rest0,
                        float64(start - block), near0, part0, spread0,
                        float64(stop - start),
                    )
            if block == 0:
                mean0 = block_mean0
                trail0 = block_trail0
                total0 = compensated(block_total0, block_rest0)
                rest0 = float64(0.0)
            if block > 0:
                mean0, trail0, total0, rest0 = joined_moments(
                    mean0, trail0, total0, rest0, float64(block), block_mean0,
                    block_trail0, compensated(block_total0, block_rest0),
                    float64(end - block),
                )
        t0 = compensated(total0, rest0)
        a1[p1] = t0
