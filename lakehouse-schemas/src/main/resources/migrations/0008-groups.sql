ALTER TABLE training_steps ALTER COLUMN groups_used COMMENT 'groups trained on'
