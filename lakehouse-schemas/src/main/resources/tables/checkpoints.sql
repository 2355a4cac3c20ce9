-- A version of the weights. The row is the commit: a folder without one is nobody's.
-- key: policy_version
-- grows by step
policy_version STRING NOT NULL COMMENT 'run, iteration, stage and step',
run_id STRING NOT NULL COMMENT 'the run',
iteration INT NOT NULL COMMENT 'from 1; 0 for the base',
stage STRING NOT NULL COMMENT 'base, sft or grpo',
step INT NOT NULL COMMENT 'steps of the stage',
uri STRING NOT NULL COMMENT 'the checkpoint''s folder',
optimizer_uri STRING COMMENT 'the optimizer''s state',
parent STRING COMMENT 'the version it was trained from',
committed_at TIMESTAMP_LTZ NOT NULL COMMENT 'when',
weights_sha256 STRING COMMENT 'SHA-256 of model.safetensors; NULL for the base',
removed_at TIMESTAMP_LTZ COMMENT 'when its files were given up; NULL while they are there'
