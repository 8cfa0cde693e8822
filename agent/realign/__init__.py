"""Finds what is wrong with finished work and turns it into tasks."""
