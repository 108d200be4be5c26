"""What the tests of needs begin with: a writing transaction, an organiser, an association that asks."""

from tests.lms.schedule.conftest import home, planner, session

__all__ = ["home", "planner", "session"]
