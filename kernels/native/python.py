"""CPython's C API as native code calls it. `macros` has what would be a macro in C."""

from __future__ import annotations

from .externals import External, external


def _takes(name: str, words: int, result: str = "i64") -> External:
    return external(name, f"{'i64 ' * words}-> {result}")


Dealloc = _takes("_Py_Dealloc", 1, "void")
ErrClear = _takes("PyErr_Clear", 0, "void")
ErrOccurred = _takes("PyErr_Occurred", 0)
ErrMatches = _takes("PyErr_ExceptionMatches", 1, "i32")
SetInterrupt = _takes("PyErr_SetInterrupt", 0, "void")
ErrFetch = _takes("PyErr_Fetch", 3, "void")
ErrRestore = _takes("PyErr_Restore", 3, "void")
ThreadState = _takes("PyThreadState_Get", 0)
ThreadNumber = _takes("PyThreadState_GetID", 1)
ThreadNext = _takes("PyThreadState_Next", 1)
ThreadFirst = _takes("PyInterpreterState_ThreadHead", 1)
InterpreterState = _takes("PyInterpreterState_Get", 0)
Allocate = _takes("PyType_GenericAlloc", 2)
Free = _takes("PyObject_GC_Del", 1, "void")
Track = _takes("PyObject_GC_Track", 1, "void")
Untrack = _takes("PyObject_GC_UnTrack", 1, "void")
ClearWeak = _takes("PyObject_ClearWeakRefs", 1, "void")
Call = _takes("PyObject_Vectorcall", 4)
CallMethod = _takes("PyObject_VectorcallMethod", 4)
CurrentFrame = _takes("PyEval_GetFrame", 0)
FrameBack = _takes("PyFrame_GetBack", 1)
CodeOf = _takes("PyFrame_GetCode", 1)
LineOf = _takes("PyFrame_GetLineNumber", 1, "i32")
Attribute = _takes("PyObject_GetAttr", 2)
SetAttribute = _takes("PyObject_SetAttr", 3, "i32")
GetItem = _takes("PyObject_GetItem", 2)
ContextGet = external("PyContextVar_Get", "i64 i64 i64 -> i32")
ContextEnter = _takes("PyContext_Enter", 1, "i32")
ContextExit = _takes("PyContext_Exit", 1, "i32")
CompareBool = external("PyObject_RichCompareBool", "i64 i64 i32 -> i32")
Next = _takes("PyIter_Next", 1)

TupleNew = _takes("PyTuple_New", 1)
TupleSet = _takes("PyTuple_SetItem", 3, "i32")

ListNew = _takes("PyList_New", 1)
ListSet = _takes("PyList_SetItem", 3, "i32")
ListGrow = _takes("PyList_Append", 2, "i32")
ListCut = _takes("PyList_SetSlice", 4, "i32")

DictNew = _takes("PyDict_New", 0)
DictNext = _takes("PyDict_Next", 4, "i32")
DictItem = _takes("PyDict_GetItem", 2)
DictSet = _takes("PyDict_SetItem", 3, "i32")
DictSize = _takes("PyDict_Size", 1)
SetSize = _takes("PySet_Size", 1)

BytesNew = _takes("PyBytes_FromStringAndSize", 2)
BytesAt = _takes("PyBytes_AsString", 1)

IntFromAddress = _takes("PyLong_FromVoidPtr", 1)
IntFrom = _takes("PyLong_FromSsize_t", 1)
IntOf = _takes("PyLong_AsSsize_t", 1)
IndexOf = _takes("PyNumber_Index", 1)
IntAsLong = _takes("PyLong_AsLongLongAndOverflow", 2)
IntAsFloat = _takes("PyLong_AsDouble", 1, "double")
FloatAs = _takes("PyFloat_AsDouble", 1, "double")
FloatFrom = external("PyFloat_FromDouble", "double -> i64")
ComplexFrom = external("PyComplex_FromDoubles", "double double -> i64")

TextCompare = _takes("PyUnicode_Compare", 2, "i32")
SliceUnpack = _takes("PySlice_Unpack", 4, "i32")
