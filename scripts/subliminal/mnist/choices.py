"""Words of an MNIST experiment's file that the networks and their training know, too."""

from typing import Literal

Activation = Literal["relu", "gelu", "sigmoid"]
Logits = Literal["auxiliary", "all"]
