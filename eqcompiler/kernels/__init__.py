"""Index-form programs to loop plans, to Numba source text, to loaded callables."""
