"""The body: a two-link arm, its integration, its inverse dynamics and its sensitivity to torque."""

from motorsim.plant.arm import Arm
from motorsim.plant.inverse_dynamics import JointMovement, inverse_dynamics, joint_movement
from motorsim.plant.sensitivity import ArmSensitivity, linearise, pull_back
from motorsim.plant.simulate import ArmMovement, simulate_arm

__all__ = [
    "Arm",
    "ArmMovement",
    "ArmSensitivity",
    "JointMovement",
    "inverse_dynamics",
    "joint_movement",
    "linearise",
    "pull_back",
    "simulate_arm",
]
