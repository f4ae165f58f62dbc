"""CPython's C API as native code calls it. Only functions: no macro, no field."""

from __future__ import annotations

from .language import External, external


def _takes(name: str, words: int, result: str = "i64") -> External:
    return external(name, f"{'i64 ' * words}-> {result}")


IncRef = _takes("Py_IncRef", 1, "void")
DecRef = _takes("Py_DecRef", 1, "void")
ErrClear = _takes("PyErr_Clear", 0, "void")
ErrOccurred = _takes("PyErr_Occurred", 0)
ThreadState = _takes("PyThreadState_Get", 0)
ThreadNumber = _takes("PyThreadState_GetID", 1)
Allocate = _takes("PyType_GenericAlloc", 2)
Call = _takes("PyObject_Vectorcall", 4)
CallMethod = _takes("PyObject_VectorcallMethod", 4)
ContextGet = external("PyContextVar_Get", "i64 i64 i64 -> i32")
CompareBool = external("PyObject_RichCompareBool", "i64 i64 i32 -> i32")
Next = _takes("PyIter_Next", 1)

TupleNew = _takes("PyTuple_New", 1)
TupleSize = _takes("PyTuple_Size", 1)
TupleItem = _takes("PyTuple_GetItem", 2)
TupleSet = _takes("PyTuple_SetItem", 3, "i32")

ListNew = _takes("PyList_New", 1)
ListSet = _takes("PyList_SetItem", 3, "i32")
ListSize = _takes("PyList_Size", 1)
ListItem = _takes("PyList_GetItem", 2)
ListAppend = _takes("PyList_Append", 2, "i32")
ListCut = _takes("PyList_SetSlice", 4, "i32")

DictNew = _takes("PyDict_New", 0)
DictNext = _takes("PyDict_Next", 4, "i32")
DictItem = _takes("PyDict_GetItem", 2)
DictSet = _takes("PyDict_SetItem", 3, "i32")
DictSize = _takes("PyDict_Size", 1)

BytesNew = _takes("PyBytes_FromStringAndSize", 2)
BytesAt = _takes("PyBytes_AsString", 1)

IntFromAddress = _takes("PyLong_FromVoidPtr", 1)
IntFrom = _takes("PyLong_FromSsize_t", 1)
IntAs = _takes("PyLong_AsSsize_t", 1)
IntAsLong = _takes("PyLong_AsLongLongAndOverflow", 2)
IntAsFloat = _takes("PyLong_AsDouble", 1, "double")
FloatAs = _takes("PyFloat_AsDouble", 1, "double")
FloatFrom = external("PyFloat_FromDouble", "double -> i64")

TextCompare = _takes("PyUnicode_Compare", 2, "i32")
SliceUnpack = _takes("PySlice_Unpack", 4, "i32")
