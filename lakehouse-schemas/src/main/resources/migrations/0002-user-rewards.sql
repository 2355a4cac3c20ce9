-- Users' own rewards, and the groups that a GRPO step left out.
-- A statement a line; a column that is there already is not added again, the others must bear being run twice.
ALTER TABLE rewards ADD COLUMN custom MAP<STRING, STRUCT<version: STRING, value: DOUBLE, reason: STRING>> COMMENT 'users'' own rewards by name; a value is NULL where the reason says why, "failed: " where it could not be computed'
ALTER TABLE rewards ALTER COLUMN total COMMENT 'weighted sum of the parts; NULL where a part that has weight is NULL'
ALTER TABLE training_steps ADD COLUMN groups_filtered ARRAY<STRUCT<query_id: STRING, reason: STRING>> COMMENT 'groups that a GRPO step left out, and why' AFTER groups_used
