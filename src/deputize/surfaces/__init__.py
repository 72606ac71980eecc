"""Surfaces: the ways in which people and programs speak to the desk."""
