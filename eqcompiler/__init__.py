"""eqcompiler: mathematics written in LaTeX becomes verified gradients and machine-speed kernels."""
