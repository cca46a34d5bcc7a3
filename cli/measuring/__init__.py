"""Agreement, calibration, quality, code spaces, the report; and what people settle where coders differ."""
