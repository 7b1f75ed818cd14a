"""Evaluating encoders: `run.evaluate_run` evaluates, `classify` classifies clips and embeds stores."""
