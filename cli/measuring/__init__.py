"""Agreement, calibration, quality, code spaces, the report."""
