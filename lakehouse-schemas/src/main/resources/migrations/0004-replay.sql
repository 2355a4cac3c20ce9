-- What replay and clean-up need: which weights a version had and whether they are still there; the rows that a step was trained on stay as they
-- were; tables that grow by a few rows a step are compacted as they grow.
ALTER TABLE checkpoints ADD COLUMN weights_sha256 STRING COMMENT 'SHA-256 of model.safetensors; NULL for the base'
ALTER TABLE checkpoints ADD COLUMN removed_at TIMESTAMP_LTZ COMMENT 'when its files were given up; NULL while they are there'
ALTER TABLE checkpoints SET TBLPROPERTIES ('delta.autoOptimize.autoCompact' = 'true')
ALTER TABLE trajectories SET TBLPROPERTIES ('delta.autoOptimize.autoCompact' = 'true', 'delta.deletedFileRetentionDuration' = 'interval 1000 weeks', 'delta.logRetentionDuration' = 'interval 1000 weeks')
ALTER TABLE rewards SET TBLPROPERTIES ('delta.autoOptimize.autoCompact' = 'true', 'delta.deletedFileRetentionDuration' = 'interval 1000 weeks', 'delta.logRetentionDuration' = 'interval 1000 weeks')
ALTER TABLE sft_examples SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 1000 weeks', 'delta.logRetentionDuration' = 'interval 1000 weeks')
ALTER TABLE training_steps SET TBLPROPERTIES ('delta.autoOptimize.autoCompact' = 'true')
ALTER TABLE stages SET TBLPROPERTIES ('delta.autoOptimize.autoCompact' = 'true')
ALTER TABLE training_steps ALTER COLUMN policy_out COMMENT 'weights after; in checkpoints where they were saved'
ALTER TABLE training_steps ADD COLUMN reward_version STRING COMMENT 'version of the rewards that a GRPO step was trained on'
ALTER TABLE runs ALTER COLUMN started_at COMMENT 'first start with these settings'
