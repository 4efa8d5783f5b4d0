"""The optimisers: the paper's Adam (§5.3), or Muon for the matrices and Adam for the rest."""

from collections import defaultdict

import torch
from jaxtyping import Float
from torch import Tensor

from glassformer.config import TrainingConfig
from glassformer.model import Transformer
from glassformer.training.precision import precision

PACKED = {"w_qkv": 3}
"""Parameters that hold several matrices, one below the other: W^Q, W^K and W^V."""
TABLES = ("embedding.weight", "target_embedding.weight", "output_matrix")
"""Parameters with a row for each token: Muon leaves them to Adam."""
NEWTON_SCHULZ = (3.4445, -4.775, 2.0315)
"""Of x, x³ and x⁵: it brings every singular value to between 0.7 and 1.2 in five turns (Jordan 2024)."""
TURNS = 5


class Muon(torch.optim.Optimizer):
    """Muon (Jordan 2024, kellerjordan.github.io/posts/muon): each matrix moves by its momentum, made orthogonal: as far
    in the directions that its gradients seldom take as in those they always take.

    A step is scaled to the size of Adam's, 0.2 · √(the longer side) (Liu et al. 2025, arXiv 2502.16982), so that both can
    have one rate. PyTorch's own Muon computes in bfloat16, one matrix after the other; here all of one shape are computed
    together, in ``number_type``: bfloat16 where the processor multiplies it faster. A group's ``parts``: the matrices in
    each parameter.
    """

    def __init__(
        self,
        groups: list[dict[str, object]],
        lr: float,
        momentum: float = 0.95,
        number_type: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "parts": 1})
        self.number_type = number_type
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter] = {"momentum": torch.zeros_like(parameter)}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            momentum, parts = group["momentum"], group["parts"]
            by_shape: dict[torch.Size, list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                average = self.state[parameter]["momentum"].lerp_(parameter.grad, 1 - momentum)
                ahead = parameter.grad.lerp(average, momentum)  # Nesterov's
                for matrix, way in zip(parameter.data.chunk(parts), ahead.chunk(parts), strict=True):
                    by_shape[matrix.shape].append((matrix, way))
            for shape, moved in by_shape.items():
                ways = orthogonal(torch.stack([way for _, way in moved]), self.number_type)
                scale = group["lr"] * 0.2 * max(shape) ** 0.5
                torch._foreach_add_([matrix for matrix, _ in moved], list(ways.unbind()), alpha=-scale)


def orthogonal(
    matrices: Float[Tensor, "matrix row column"], number_type: torch.dtype = torch.float32
) -> Float[Tensor, "matrix row column"]:
    """U Vᵀ of each matrix U S Vᵀ, about, in the matrices' own type: by Newton and Schulz's iteration, which needs products
    only. They are computed in ``number_type``; in bfloat16 U Vᵀ is 1 % off, a tenth of what the iteration leaves."""
    a, b, c = NEWTON_SCHULZ
    tall = matrices.size(1) > matrices.size(2)
    x = matrices.mT if tall else matrices
    x = (x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)).to(number_type)
    for _ in range(TURNS):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)


def optimizers_for(model: Transformer, config: TrainingConfig) -> list[torch.optim.Optimizer]:
    """Those that ``config.optimizer`` wants, their moments made, as zeros: what memory a run needs it takes at its
    beginning. Muon computes its products in the precision of the run's."""
    named = dict(model.named_parameters())
    if config.optimizer == "adam":
        return [adam(list(named.values()), config)]
    by_parts: dict[int, list[Tensor]] = defaultdict(list)
    for name, parameter in named.items():
        if parameter.dim() == 2 and name not in TABLES:  # of which a batch's gradient has few rows
            by_parts[PACKED.get(name.rpartition(".")[2], 1)].append(parameter)
    matrices = {id(parameter) for some in by_parts.values() for parameter in some}
    rest = [parameter for parameter in named.values() if id(parameter) not in matrices]
    groups: list[dict[str, object]] = [{"params": some, "parts": parts} for parts, some in by_parts.items()]
    kind = getattr(torch, precision(config, rest[0].device.type))
    return [adam(rest, config), Muon(groups, config.learning_rate, number_type=kind)]


def adam(parameters: list[Tensor] | list[torch.nn.Parameter], config: TrainingConfig) -> torch.optim.Adam:
    made = torch.optim.Adam(
        parameters, lr=config.learning_rate, betas=(config.beta_1, config.beta_2), eps=config.epsilon, fused=True
    )
    for parameter in parameters:
        moments = {moment: torch.zeros_like(parameter) for moment in ("exp_avg", "exp_avg_sq")}
        made.state[parameter] = {"step": torch.zeros((), device=parameter.device), **moments}
    return made
