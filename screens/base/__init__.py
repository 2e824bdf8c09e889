"""The base of the step screens, in three layers: frame, problem card, step."""

from screens.base.step_screen import StepScreen

__all__ = ["StepScreen"]
