"""Fine-tunes base -> [intermediate] -> target and leaves one record per run."""
