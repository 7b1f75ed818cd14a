"""What frozen features are worth: `run.evaluate_run` evaluates, `classify` names clips and embeds stores."""
