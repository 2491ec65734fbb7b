"""What is asked: targets, timing, cues, desired hand paths, and which conditions are held out."""

from motorsim.task.center_out import center_out
from motorsim.task.curved_reaches import curved_reaches
from motorsim.task.delayed_reach import DelayedReach
from motorsim.task.minimum_jerk import MotionProfile, lateral_bump, minimum_jerk
from motorsim.task.place_code import PlaceCode
from motorsim.task.reaches import HandPath, Reaches
from motorsim.task.reaction_time import reaction_times_s
from motorsim.task.score import ReachScore, check_scorable, score_reaches
from motorsim.task.split import ConditionSplit, split_conditions
from motorsim.task.target_switch import TargetSwitch

__all__ = [
    "ConditionSplit",
    "DelayedReach",
    "HandPath",
    "MotionProfile",
    "PlaceCode",
    "ReachScore",
    "Reaches",
    "TargetSwitch",
    "center_out",
    "check_scorable",
    "curved_reaches",
    "lateral_bump",
    "minimum_jerk",
    "reaction_times_s",
    "score_reaches",
    "split_conditions",
]
