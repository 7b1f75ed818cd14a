"""What frozen features are worth: `run.evaluate_run` for one evaluation, `classify` and `embed` for using an encoder."""
