"""Kernels and plans for NVIDIA GPUs; attached to the core, never imported by it."""
