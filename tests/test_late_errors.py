"""Errors and warnings that come late: at evaluation they name the line of recording."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy
import pytest
from error_rows import chain, innermost_line, raised, run_at

import engine
import engine.numpy as np
from engine.kernels import cache
from engine.kernels.cpu import compile as compiler
from engine.numpy.linalg import LinAlgError

HUGE = 10**16
"""Elements that no machine has room for."""

LATE = [
    ("y = np.ones(huge)", MemoryError, "(full|copy): Unable to allocate 71.1 PiB"),
    ("y = np.sqrt(np.ones(huge))", MemoryError, "(full|sqrt|copy): Unable to allocate"),
    ("y = np.ones(huge) * x[0]", MemoryError, "(full|multiply): Unable to allocate"),
    (
        "y = engine.nn.functional.cross_entropy(logits, classes + 0)",
        IndexError,
        "bounded: classes from 0 to 2 were required; Target 7 is out of bounds",
    ),
    (
        "y = np.exp(x[np.arange(3) * 2])",
        IndexError,
        "indices: index 4 is out of bounds for axis 0 with size 3",
    ),
    ("y = np.linalg.inv(zero)", LinAlgError, "inv: Singular matrix"),
    ("y = np.linalg.solve(zero, x[:2])", LinAlgError, "solve: Singular matrix"),
    (
        "y = np.linalg.cholesky(-np.eye(2))",
        LinAlgError,
        "cholesky: Matrix is not positive definite",
    ),
    (
        "y = np.linalg.svd(zero * np.inf)[0] * 2",
        LinAlgError,
        "svd: SVD did not converge",
    ),
]
"""What fails at evaluation only."""


def names() -> dict[str, Any]:
    """What the sources speak of, computed already."""
    x, logits, classes = np.arange(3.0), engine.ones(2, 3), engine.tensor([0, 7])
    zero = np.zeros((2, 2))
    with engine.config(tier="numpy"):
        engine.eval(x, logits, classes, zero)
    arrays = {"x": x, "logits": logits, "classes": classes, "zero": zero}
    return {"np": np, "engine": engine, "huge": HUGE, **arrays}


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
@pytest.mark.parametrize(("source", "kind", "message"), LATE, ids=[r[0] for r in LATE])
def test_each_line_that_recorded_an_op_is_named_as_its_own(
    source: str, kind: type[Exception], message: str, tier: Any
) -> None:
    for line in (2, 50, 7):  # the same path of the trie, three times
        with engine.config(tier=tier):
            error = raised(f"{source}\nz = 1\nengine.eval(y)", names(), line)
        assert type(error) is kind
        assert re.match(rf"{message}.*; recorded at user\.py:{line}$", str(error))
        assert innermost_line(error) == f"user.py:{line + 2}"
        assert chain(error) == [error]


def test_a_lost_value_says_so_where_it_is_looked_at() -> None:
    space = run_at("y = np.ones(huge)\nz = y + 1", names())
    with pytest.raises(MemoryError):
        engine.eval(space["y"])
    for source, called in (("y.tolist()", "tolist"), ("z + 1", "add")):
        error = raised(source, {**names(), **space}, line=9)
        assert type(error) is MemoryError  # whoever looks hears of the reason
        assert str(error).startswith(
            f"{called}: a value that can be computed was required; this one was lost "
            "when an earlier computation failed: "
        )
        assert innermost_line(error) == "user.py:9"


EMPTY = [
    ("np.nanmax(gone, 1)", "All-NaN slice encountered"),
    ("np.nanmin(gone, 1, keepdims=True)", "All-NaN slice encountered"),
    ("np.nanmean(gone, 1)", "Mean of empty slice"),
    ("np.nanvar(gone.T, 0)", "Degrees of freedom <= 0 for slice."),
    ("np.nanstd(gone, 1, ddof=2)", "Degrees of freedom <= 0 for slice."),
]


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
@pytest.mark.parametrize(("source", "message"), EMPTY, ids=[row[0] for row in EMPTY])
def test_what_has_only_nan_warns_as_numpy_when_it_is_computed(
    source: str, message: str, tier: Any
) -> None:
    plain = numpy.array([[1.0, 2.0, 4.0], [numpy.nan] * 3])
    for gone, expected in ((plain, [message]), (plain[:1], [])):
        with warnings.catch_warnings(record=True) as theirs:
            warnings.simplefilter("always")
            want = eval(source, {"np": numpy, "gone": gone})
        assert [str(w.message) for w in theirs] == expected
        space = {"np": np, "gone": np.array(gone)}
        with warnings.catch_warnings(record=True) as ours, engine.config(tier=tier):
            warnings.simplefilter("always")
            have = run_at(f"y = {source}", space, 7)["y"]
            assert not ours  # nothing is known yet
            numpy.testing.assert_allclose(have.computed(), want, rtol=1e-14)
            have.tolist()
        assert [str(w.message) for w in ours] == expected
        assert [(w.filename, w.lineno) for w in ours] == [("user.py", 7)] * len(ours)


def test_the_mean_of_nothing_warns_as_numpys() -> None:
    for source, message in (
        ("np.mean(np.zeros((0, 3)), 0)", "Mean of empty slice"),
        ("np.var(np.ones((1, 3)), 0, ddof=1)", "Degrees of freedom <= 0 for slice"),
    ):
        for module in (numpy, np):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                eval(source, {"np": module})
            assert str(caught[0].message).startswith(message)


def test_a_function_of_the_users_own_raises_its_own_error() -> None:
    source = "def f(v):\n    raise KeyError('mine')\nnp.piecewise(x, [x > 0], [f])"
    error = raised(source, names())
    assert type(error) is KeyError
    assert error.args == ("mine",)
    assert innermost_line(error) == "user.py:3"


@pytest.fixture
def nothing_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numba fails, as it does: an error of many lines, with another one behind it."""

    def fail(*_: object, **__: object) -> None:
        from numba.core.errors import LoweringError

        try:
            raise RuntimeError("LLVM IR parsing error\n<string>:1:1: error: expected")
        except RuntimeError as error:
            raise LoweringError("Failed in lean mode pipeline\nnumba says") from error

    monkeypatch.setattr(compiler, "compile_text", fail)
    monkeypatch.setattr(cache, "load", lambda name: None)


@pytest.mark.usefixtures("nothing_compiles")
def test_what_cannot_be_compiled_warns_once_at_the_users_line() -> None:
    source = "y = np.cos(np.sin(x) * 0.123)\nz = 1\nfound = y.tolist()"
    results = []
    with warnings.catch_warnings(record=True) as caught, engine.config(tier="compiled"):
        warnings.simplefilter("always")
        for line in (3, 20):
            results.append(run_at(source, names(), line)["found"])
    with engine.config(tier="numpy"):
        expected = run_at(source, names())["found"]
    assert results == [expected, expected]
    (warning,) = caught
    assert warning.category is RuntimeWarning
    assert (warning.filename, warning.lineno) == ("user.py", 5)
    text = str(warning.message)
    assert re.match(r"[\w, ]*sin, multiply, cos: .*wanted; .*; at user\.py:5$", text)
    assert not re.search("numba|llvm|lowering|pipeline", text, re.IGNORECASE)


@pytest.mark.usefixtures("nothing_compiles")
def test_warnings_as_errors_show_nothing_of_the_compiler() -> None:
    source = "y = np.tan(np.sin(x) * 0.321)\ny.tolist()"
    with warnings.catch_warnings(), engine.config(tier="compiled"):
        warnings.simplefilter("error")
        error = raised(source, names())
    assert isinstance(error, RuntimeWarning)
    assert chain(error) == [error]
    assert innermost_line(error) == "user.py:3"


def test_a_function_without_a_lazy_version_warns_at_the_users_line() -> None:
    call = "numpy.lib.recfunctions.repack_fields(x)"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for line in (4, 4, 8):
            run_at(f"import numpy.lib.recfunctions\n{call}", names(), line)
    assert [(w.filename, w.lineno) for w in caught] == [("user.py", 5), ("user.py", 9)]
    assert "repack_fields has no lazy version" in str(caught[0].message)


def test_lines_are_found_below_numpy_and_at_a_prompt() -> None:
    from engine.errors import user_line

    assert (
        run_at("import numpy\nline = f()", {"f": user_line}, 3)["line"] == "user.py:4"
    )
    space: dict[str, Any] = {"f": user_line, "__name__": "__main__"}
    exec(compile("def g():\n    return f()", "<stdin>", "exec"), space)
    exec(compile("line = g()", "shell.py", "exec"), space)
    assert space["line"] == "<stdin>:2"


def test_lines_that_record_the_same_are_told_apart_each_time(recorder: str) -> None:
    x, places = np.arange(3.0), np.arange(3)
    engine.eval(x, places)

    def first(k: int) -> Any:
        return x[places + k] + 1.0

    def second(k: int) -> Any:
        return x[places + k] + 1.0

    for _ in range(4):
        for function in (first, second, second, first):
            assert function(0).tolist() == [1, 2, 3]
            line = function.__code__.co_firstlineno + 1
            wrong = function(1)
            with pytest.raises(IndexError, match=rf"test_late_errors\.py:{line}$"):
                engine.eval(wrong)


def test_who_looks_at_what_is_lost_hears_of_the_first_error() -> None:
    a, k = np.arange(3.0), np.arange(3) * 2
    x, y = np.ones(4) * 2, a[k]
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        x.tolist()
    for _ in range(2):
        with pytest.raises(IndexError, match=r"lost when .* index 4 is out of bounds"):
            y.tolist()
    assert x.tolist() == [2.0] * 4


def test_a_path_that_cannot_be_planned_is_computed_by_numpy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*arguments: Any) -> Any:
        raise StopIteration

    x, y = np.ones(3) * 3.0, np.arange(5) + 1
    monkeypatch.setattr("engine.cold.build_plan", broken)
    with (
        engine.config(tier="compiled"),
        pytest.warns(RuntimeWarning, match="a plan was wanted; StopIteration"),
    ):
        assert (x * y[0]).tolist() == [3.0] * 3
        assert y.tolist() == [1, 2, 3, 4, 5]
    z = np.arange(7) * 2
    with engine.config(tier="compiled"), pytest.raises(RuntimeWarning):
        (x * 2 * z[1]).tolist()  # warnings are errors: nothing is lost then, either
    assert z.tolist() == [0, 2, 4, 6, 8, 10, 12]
