"""§5.3, equation 3: the learning rate rises linearly, then falls with the inverse square root of the step."""


def learning_rate(step: int, *, peak: float, warmup_steps: int) -> float:
    """The rate of ``step`` (from 1). With peak = (d_model · warmup_steps)^−0.5 it is the paper's
    d_model^−0.5 · min(step^−0.5, step · warmup_steps^−1.5)."""
    return peak * min(step / warmup_steps, (warmup_steps / step) ** 0.5)
