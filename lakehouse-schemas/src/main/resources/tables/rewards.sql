-- What a trajectory earned under one version of the rewards. NULL is not 0: the reason says why.
-- key: trajectory_id, version
-- grows by step
-- property delta.deletedFileRetentionDuration: interval 1000 weeks
-- property delta.logRetentionDuration: interval 1000 weeks
trajectory_id STRING NOT NULL COMMENT 'the trajectory',
version STRING NOT NULL COMMENT 'of the reward functions and weights',
format DOUBLE COMMENT '1 where the template is kept, else 0',
accuracy DOUBLE COMMENT '1 where the answer is right, else 0',
reflection DOUBLE COMMENT 'what looking again was worth, 0 to 1',
total DOUBLE COMMENT 'weighted sum of the parts; NULL where a part that has weight is NULL',
answer STRING COMMENT 'the answer that was read',
reason STRING COMMENT 'why a part is NULL',
custom MAP<STRING, STRUCT<version: STRING, value: DOUBLE, reason: STRING>> COMMENT 'users'' own rewards by name; a value is NULL where the reason says why, "failed: " where it could not be computed'
