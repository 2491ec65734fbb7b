"""The tables of the networks and their training, and what each key means."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from motorsim.settings.sections import Count, NonNegativeFloat, PositiveFloat, Section


class NetworkConfig(Section):
    """One network and its training, see `motorsim.nn` and `motorsim.train.fit`."""

    n_units: Count = Field(160, description="hidden units")
    cell: Literal["leaky", "vanilla", "lstm", "gru"] = Field(
        "leaky", description="leaky (continuous time), vanilla, lstm or gru"
    )
    tau_s: PositiveFloat = Field(0.05, description="time constant of leaky units (s)")
    learn_time_constants: bool = Field(
        False, description="learn the time constant of each leaky unit, from tau_s on"
    )
    activation: Literal["tanh", "sigmoid", "relu", "softplus", "linear"] = Field(
        "tanh", description="of leaky and vanilla units: tanh, sigmoid, relu, softplus or linear"
    )
    noise_std: NonNegativeFloat = Field(
        0.0, description="private noise of leaky units in training, standard deviation"
    )
    gain: PositiveFloat = Field(0.1, description="spectral radius of large initial recurrent weights")
    initialisation: Literal["gaussian", "orthogonal"] = Field(
        "gaussian", description="initial recurrent weights: gaussian or orthogonal"
    )
    dale: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0,
        description="fraction of the units that excite, the others inhibit (Dale's law); 0 for either sign",
    )
    rank: Annotated[int, Field(ge=0)] = Field(0, description="rank of the recurrent weights; 0 for full")
    density: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="fraction of the recurrent connections that exist"
    )
    learning_rate: PositiveFloat = Field(0.02, description="greatest learning rate of Adam")
    n_iterations: Count = Field(2000, description="updates at most")
    evaluate_every: Count = Field(25, description="updates between two looks at the validation conditions")
    patience: Count | None = Field(
        None, description="stop after as many looks without improvement", examples=[20]
    )
    batch_size: Count | None = Field(
        None,
        description="conditions (trials, where spikes are fitted) an update; all if not set",
        examples=[8],
    )
    clip_norm: PositiveFloat = Field(1.0, description="greatest norm of the gradient")
    weight_penalty: NonNegativeFloat = Field(
        0.0, description="weight of the mean squared weight of each array"
    )
    rate_penalty: NonNegativeFloat = Field(0.1, description="weight of the mean squared activity")
    smoothness_penalty: NonNegativeFloat = Field(
        0.0, description="weight of the squared recurrent Jacobian, for leaky and vanilla units"
    )


class DataDrivenConfig(NetworkConfig):
    """The network that reproduces the cortex."""

    target: Literal["rates", "spikes"] = Field(
        "rates",
        description="rates of the units, or spikes: single-trial counts of the recorded neurons (Poisson)",
    )


class GoalDrivenConfig(NetworkConfig):
    """The network that learns the task alone."""

    target: Literal["torque", "hand"] = Field(
        "torque", description="the torques of the desired movement, or the hand's path, through the arm"
    )
    learning_rate: PositiveFloat = Field(0.005, description="greatest learning rate of Adam")
    n_iterations: Count = Field(800, description="updates at most")


class MixedConfig(NetworkConfig):
    """A network that does both: it reproduces the cortex's rates and makes the torques."""

    enabled: bool = Field(False, description="fit a third network, to rates and torques at once")
    rates_weight: PositiveFloat = Field(1.0, description="weight of the squared error of its rates")
    torque_weight: PositiveFloat = Field(1.0, description="weight of the squared error of its torques")


class TargetCodeConfig(Section):
    """How a network is told the target, see `motorsim.task.PlaceCode`."""

    n_per_axis: Annotated[int, Field(ge=2)] = Field(5, description="receptive fields along x and along y")
    extent_m: PositiveFloat = Field(0.10, description="their centres reach so far from the start (m)")
    width_m: PositiveFloat = Field(0.15, description="standard deviation of a field (m)")


class FitConfig(Section):
    """The networks: one fitted to the cortex, one to the task and, where enabled, one to both."""

    target_code: TargetCodeConfig = TargetCodeConfig()
    data_driven: DataDrivenConfig = DataDrivenConfig()
    goal_driven: GoalDrivenConfig = GoalDrivenConfig()
    mixed: MixedConfig = MixedConfig()

    @property
    def networks(self) -> dict[str, NetworkConfig]:
        """The networks that are fitted, by their keys."""
        fitted: dict[str, NetworkConfig] = {"data_driven": self.data_driven, "goal_driven": self.goal_driven}
        return fitted | ({"mixed": self.mixed} if self.mixed.enabled else {})
