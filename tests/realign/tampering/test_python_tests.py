"""Python tests that were lost, weakened or held back, and those that only moved."""

from conftest import Guarded
