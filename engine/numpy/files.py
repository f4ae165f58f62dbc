"""Files of arrays: NumPy's .npy and .npz, text, and raw bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .conversion import from_numpy
from .creation import check_device
from .fallback import ask, to_host, wrapped

__all__ = [
    "fromfile",
    "fromstring",
    "genfromtxt",
    "load",
    "loadtxt",
    "save",
    "savetxt",
    "savez",
    "savez_compressed",
]


def save(file: Any, arr: Any, allow_pickle: bool = True) -> None:
    """Write an array to a .npy file.

    Examples
    --------
    >>> import engine.numpy as np
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.npy")
    >>> np.save(path, np.arange(3))
    >>> np.load(path)
    array([0, 1, 2])
    """
    ask("save", np.save, file, to_host(arr), allow_pickle)


def savez(file: Any, *args: Any, allow_pickle: bool = True, **kwds: Any) -> None:
    """Write several arrays to one .npz file, under the names of keywords.

    Examples
    --------
    >>> import engine.numpy as np
    >>> import io
    >>> file = io.BytesIO()
    >>> np.savez(file, x=np.arange(3), y=np.ones(1))
    >>> place = file.seek(0)
    >>> np.load(file)["y"]
    array([1.])
    """
    arrays, named = to_host(args), to_host(kwds)
    ask("savez", np.savez, file, *arrays, allow_pickle=allow_pickle, **named)


def savez_compressed(
    file: Any, *args: Any, allow_pickle: bool = True, **kwds: Any
) -> None:
    """As `savez`, compressed."""
    arrays, named = to_host(args), to_host(kwds)
    function = np.savez_compressed
    ask("savez_compressed", function, file, *arrays, allow_pickle=allow_pickle, **named)


def load(
    file: Any,
    mmap_mode: Any = None,
    allow_pickle: bool = False,
    fix_imports: bool = True,
    encoding: Any = "ASCII",
    *,
    max_header_size: int = 10000,
) -> Any:
    """The array of a .npy file, or the arrays of a .npz file by name.

    With `mmap_mode` the array shares the memory that the file is mapped to. No pickle
    is loaded unless `allow_pickle` says so.

    Examples
    --------
    >>> import io
    >>> import engine.numpy as np
    >>> file = io.BytesIO()
    >>> np.savez(file, x=np.arange(3))
    >>> np.load(io.BytesIO(file.getvalue()))["x"]
    array([0, 1, 2])
    """
    found = ask(
        "load",
        np.load,
        file,
        mmap_mode,
        allow_pickle,
        fix_imports,
        encoding,
        max_header_size=max_header_size,
    )
    if isinstance(found, np.memmap):
        return from_numpy(found)
    return Archive(found) if isinstance(found, np.lib.npyio.NpzFile) else wrapped(found)


class Archive(Mapping[str, Any]):
    """The arrays of a .npz file, each read when it is asked for."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __repr__(self) -> str:
        return repr(self._file)

    @property
    def files(self) -> list[str]:
        """The names of the arrays."""
        return list(self._file.files)

    def __getitem__(self, key: str) -> Any:
        return wrapped(self._file[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._file)

    def __len__(self) -> int:
        return len(self._file)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


# -- text -----------------------------------------------------------------------------
def savetxt(
    fname: Any,
    X: Any,
    fmt: Any = "%.18e",
    delimiter: str = " ",
    newline: str = "\n",
    header: str = "",
    footer: str = "",
    comments: str = "# ",
    encoding: str | None = None,
) -> None:
    """Write an array of one or two axes as text, a line for each row.

    Examples
    --------
    >>> import engine.numpy as np
    >>> import io
    >>> file = io.StringIO()
    >>> np.savetxt(file, np.array([[1, 2], [3, 4]]), fmt="%d", delimiter=",")
    >>> file.getvalue().split()
    ['1,2', '3,4']
    """
    options = (fmt, delimiter, newline, header, footer, comments, encoding)
    ask("savetxt", np.savetxt, fname, to_host(X), *options)


def loadtxt(
    fname: Any,
    dtype: Any = float,
    comments: Any = "#",
    delimiter: str | None = None,
    converters: Any = None,
    skiprows: int = 0,
    usecols: Any = None,
    unpack: bool = False,
    ndmin: int = 0,
    encoding: str | None = None,
    max_rows: int | None = None,
    *,
    quotechar: str | None = None,
    like: Any = None,
) -> Any:
    r"""The numbers of a text file, a row for each line.

    Examples
    --------
    >>> import engine.numpy as np
    >>> import io
    >>> np.loadtxt(io.StringIO("1 2\n3 4"), dtype=int)
    array([[1, 2],
           [3, 4]])
    """
    check_device(None, like)
    found = ask(
        "loadtxt",
        np.loadtxt,
        fname,
        dtype,
        comments,
        delimiter,
        converters,
        skiprows,
        usecols,
        unpack,
        ndmin,
        encoding,
        max_rows,
        quotechar=quotechar,
    )
    return wrapped(found)


def genfromtxt(
    fname: Any,
    dtype: Any = float,
    comments: Any = "#",
    delimiter: Any = None,
    skip_header: int = 0,
    skip_footer: int = 0,
    converters: Any = None,
    missing_values: Any = None,
    filling_values: Any = None,
    usecols: Any = None,
    names: Any = None,
    excludelist: Any = None,
    deletechars: Any = " !#$%&'()*+,-./:;<=>?@[\\]^{|}~",
    replace_space: str = "_",
    autostrip: bool = False,
    case_sensitive: Any = True,
    defaultfmt: str = "f%i",
    unpack: Any = None,
    usemask: bool = False,
    loose: bool = True,
    invalid_raise: bool = True,
    max_rows: int | None = None,
    encoding: str | None = None,
    *,
    ndmin: int = 0,
    like: Any = None,
) -> Any:
    """The numbers of a text file in which some are missing: NaN, or `filling_values`.

    What would be an array of records, of text or with a mask is NumPy's.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.genfromtxt(["1,2", "3,"], delimiter=",")
    array([[ 1.,  2.],
           [ 3., nan]])
    """
    check_device(None, like)
    found = ask(
        "genfromtxt",
        np.genfromtxt,
        fname,
        dtype,
        comments,
        delimiter,
        skip_header,
        skip_footer,
        converters,
        missing_values,
        filling_values,
        usecols,
        names,
        excludelist,
        deletechars,
        replace_space,
        autostrip,
        case_sensitive,
        defaultfmt,
        unpack,
        usemask,
        loose,
        invalid_raise,
        max_rows,
        encoding,
        ndmin=ndmin,
    )
    return found if usemask else wrapped(found)


def fromstring(
    string: Any, dtype: Any = float, count: int = -1, sep: str = "", *, like: Any = None
) -> Any:
    """The numbers in a text, which stand between separators.

    Examples
    --------
    >>> import engine.numpy as np
    >>> np.fromstring("1, 2, 3", sep=",")
    array([1., 2., 3.])
    """
    check_device(None, like)
    return wrapped(ask("fromstring", np.fromstring, string, dtype, count, sep=sep))


def fromfile(
    file: Any,
    dtype: Any = None,
    count: int = -1,
    sep: str = "",
    offset: int = 0,
    *,
    like: Any = None,
) -> Any:
    """The numbers of a file, as bytes or as text between separators."""
    check_device(None, like)
    return wrapped(
        ask("fromfile", np.fromfile, file, dtype or float, count, sep, offset)
    )
