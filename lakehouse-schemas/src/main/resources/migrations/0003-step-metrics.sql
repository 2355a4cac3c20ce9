-- What a step measured beside the loss, where its time went, and why it was skipped.
ALTER TABLE training_steps ADD COLUMN skipped STRING COMMENT 'why the step left the weights as they were; NULL where it did not'
ALTER TABLE training_steps ADD COLUMN loss_parts MAP<STRING, DOUBLE> COMMENT 'surrogate, divergence and entropy as the loss weighs tokens, before beta and bonus'
ALTER TABLE training_steps ADD COLUMN reward_parts MAP<STRING, DOUBLE> COMMENT 'mean of each reward over the rows of the rollout that have it'
ALTER TABLE training_steps ADD COLUMN metrics MAP<STRING, DOUBLE> COMMENT 'further figures by name, such as ratio_min, divergence, length_mean, truncated_share'
ALTER TABLE training_steps ADD COLUMN seconds_by_part MAP<STRING, DOUBLE> COMMENT 'where the step''s time went'
ALTER TABLE training_steps ADD COLUMN sampler_gaps ARRAY<DOUBLE> COMMENT 'of each trained row: largest difference between sampler''s and trainer''s log-probabilities'
