"""Inductive coding: coders, moderators, refinement."""
