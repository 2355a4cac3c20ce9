-- A sampled completion with all that training needs; failed and truncated ones too.
-- key: trajectory_id
-- grows by step
-- property delta.deletedFileRetentionDuration: interval 1000 weeks
-- property delta.logRetentionDuration: interval 1000 weeks
-- check phase_known: phase in ('difficulty', 'reconstruction', 'rejection', 'rl', 'hard', 'evaluation', 'before', 'swap')
-- check finish_known: finish in ('stop', 'length', 'cancelled', 'error')
-- check same_length: coalesce(cardinality(completion_ids), 0) = coalesce(cardinality(log_probs), 0)
-- check error_said: (finish = 'error') = (error is not null)
trajectory_id STRING NOT NULL COMMENT 'SHA-256 of run, iteration, phase, step, query, sample',
run_id STRING NOT NULL COMMENT 'the run that sampled it',
iteration INT NOT NULL COMMENT 'from 1',
phase STRING NOT NULL COMMENT 'what it was sampled for',
step INT NOT NULL COMMENT 'the RL step, 0 elsewhere',
query_id STRING NOT NULL COMMENT 'the question',
sample INT NOT NULL COMMENT 'number among the query''s samples, from 0',
policy_version STRING NOT NULL COMMENT 'the weights that sampled it',
parent_id STRING COMMENT 'the trajectory whose beginning it continues',
prompt_ids ARRAY<INT> NOT NULL COMMENT 'token ids it was given, continued ones included',
completion_ids ARRAY<INT> NOT NULL COMMENT 'token ids it sampled',
log_probs ARRAY<FLOAT> NOT NULL COMMENT 'the sampler''s log-probability of each, natural log',
text STRING NOT NULL COMMENT 'the completion''s text',
finish STRING NOT NULL COMMENT 'why it ended',
error STRING COMMENT 'why there is no completion',
temperature DOUBLE NOT NULL COMMENT 'sampling temperature, 0 greedy',
max_new_tokens INT NOT NULL COMMENT 'longest completion allowed',
image_ids ARRAY<STRING> NOT NULL COMMENT 'pictures it saw, in the order in which the prompt shows them',
fingerprint STRING NOT NULL COMMENT 'of tokenizer, template, pixel budget and resampling rule'
