"""What exists: declared corpora, studies, the record shapes, and the shard files every other room reads and writes."""
