"""The PyTorch face: `Tensor`, its dtypes and the functions that make tensors.

All of it is offered by ``import engine``.
"""
