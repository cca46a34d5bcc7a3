"""A dark and a light theme: quiet surfaces, one accent, and signs that say the same as the colours."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="intercoder-dark",
    primary="#7aa2f7",
    secondary="#bb9af7",
    accent="#e0af68",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    foreground="#d5daf0",
    background="#16171f",
    surface="#1c1e29",
    panel="#272a39",
    dark=True,
    variables={
        "footer-key-foreground": "#e0af68",
        "input-selection-background": "#7aa2f7 40%",
        "block-cursor-text-style": "bold",
    },
)
LIGHT = Theme(
    name="intercoder-light",
    primary="#2a5db0",
    secondary="#7a3fa0",
    accent="#9a5b00",
    success="#2f6f1f",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#22242c",
    background="#f4f2ec",
    surface="#fbfaf6",
    panel="#e6e2d6",
    dark=False,
    variables={
        "footer-key-foreground": "#9a5b00",
        "input-selection-background": "#2a5db0 30%",
        "block-cursor-text-style": "bold",
    },
)
THEMES = (DARK, LIGHT)
