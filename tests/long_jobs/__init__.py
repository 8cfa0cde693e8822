"""The long job that other harnesses were measured with, played by a scripted policy."""
