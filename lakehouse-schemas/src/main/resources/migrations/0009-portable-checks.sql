-- Constraints that other writers of Delta evaluate too. DataFusion, in delta-rs and polars, knows no size(), takes length() of bytes for that of a text, and in
-- older versions says NULL of an empty list's cardinality, which breaks no constraint there.
ALTER TABLE images DROP CONSTRAINT IF EXISTS some_bytes
ALTER TABLE images ADD CONSTRAINT some_bytes CHECK (bytes <> '')
ALTER TABLE trajectories DROP CONSTRAINT IF EXISTS same_length
ALTER TABLE trajectories ADD CONSTRAINT same_length CHECK (coalesce(cardinality(completion_ids), 0) = coalesce(cardinality(log_probs), 0))
