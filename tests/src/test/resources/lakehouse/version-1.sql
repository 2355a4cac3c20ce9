-- Tables as version 1 made them: {} is the lakehouse's folder.

CREATE TABLE delta.`{}/rewards` (
  trajectory_id STRING NOT NULL COMMENT 'the trajectory',
  version STRING NOT NULL COMMENT 'of the reward functions and weights',
  format DOUBLE COMMENT '1 where the template is kept, else 0',
  accuracy DOUBLE COMMENT '1 where the answer is right, else 0',
  reflection DOUBLE COMMENT 'what looking again was worth, 0 to 1',
  total DOUBLE COMMENT 'weighted sum of the parts that are not NULL',
  answer STRING COMMENT 'the answer that was read',
  reason STRING COMMENT 'why a part is NULL'
) USING DELTA COMMENT 'What a trajectory earned under one version of the rewards. NULL is not 0: the reason says why.' TBLPROPERTIES ('relook.schemaVersion' = '1');

CREATE TABLE delta.`{}/runs` (
  run_id STRING NOT NULL COMMENT 'its name',
  preset STRING NOT NULL COMMENT 'all settings, YAML',
  started_at TIMESTAMP NOT NULL COMMENT 'first start'
) USING DELTA COMMENT 'A run and everything it was started with.' TBLPROPERTIES ('relook.schemaVersion' = '1');

CREATE TABLE delta.`{}/training_steps` (
  run_id STRING NOT NULL COMMENT 'the run',
  iteration INT NOT NULL COMMENT 'from 1',
  stage STRING NOT NULL COMMENT 'sft or grpo',
  step INT NOT NULL COMMENT 'from 1',
  loss DOUBLE NOT NULL COMMENT 'of the step''s batch',
  gradient_norm DOUBLE NOT NULL COMMENT 'before clipping',
  learning_rate DOUBLE NOT NULL COMMENT 'of the step',
  rows INT NOT NULL COMMENT 'sequences trained on',
  tokens BIGINT NOT NULL COMMENT 'targets trained on',
  reward_mean DOUBLE COMMENT 'of the rollout',
  reward_std DOUBLE COMMENT 'of the rollout',
  entropy DOUBLE COMMENT 'mean of the policy''s, nats a token',
  clip_fraction DOUBLE COMMENT 'targets whose ratio was clipped',
  ratio_max DOUBLE COMMENT 'largest ratio of policy to sampler',
  sampler_gap DOUBLE COMMENT 'largest difference between sampler''s and trainer''s log-probabilities',
  groups INT COMMENT 'groups sampled',
  groups_used INT COMMENT 'groups whose rewards differ',
  trained_ids ARRAY<STRING> NOT NULL COMMENT 'trajectories or examples, in order',
  advantages ARRAY<DOUBLE> NOT NULL COMMENT 'of each; empty for sft',
  tables_read MAP<STRING, BIGINT> NOT NULL COMMENT 'Delta version of each table read',
  policy_in STRING NOT NULL COMMENT 'weights before',
  policy_out STRING NOT NULL COMMENT 'weights after',
  seconds DOUBLE NOT NULL COMMENT 'of the step'
) USING DELTA COMMENT 'One optimizer step.' TBLPROPERTIES ('relook.schemaVersion' = '1');

ALTER TABLE delta.`{}/training_steps` ADD CONSTRAINT stage_known CHECK (stage in ('sft', 'grpo'));

CREATE TABLE delta.`{}/trajectories` (
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
  image_ids ARRAY<STRING> NOT NULL COMMENT 'pictures it saw',
  fingerprint STRING NOT NULL COMMENT 'of tokenizer, template, pixel budget and resampling rule'
) USING DELTA COMMENT 'A sampled completion with all that training needs; failed and truncated ones too.' TBLPROPERTIES ('relook.schemaVersion' = '1');

ALTER TABLE delta.`{}/trajectories` ADD CONSTRAINT phase_known CHECK (phase in ('difficulty', 'reconstruction', 'rejection', 'rl', 'hard', 'evaluation'));

ALTER TABLE delta.`{}/trajectories` ADD CONSTRAINT finish_known CHECK (finish in ('stop', 'length', 'cancelled', 'error'));

ALTER TABLE delta.`{}/trajectories` ADD CONSTRAINT same_length CHECK (size(completion_ids) = size(log_probs));

ALTER TABLE delta.`{}/trajectories` ADD CONSTRAINT error_said CHECK ((finish = 'error') = (error is not null));

CREATE TABLE delta.`{}/images` (
  image_id STRING NOT NULL COMMENT 'SHA-256 of the bytes',
  bytes BINARY NOT NULL COMMENT 'the file as it came',
  width INT NOT NULL COMMENT 'pixels, after EXIF orientation',
  height INT NOT NULL COMMENT 'pixels, after EXIF orientation'
) USING DELTA COMMENT 'A picture, stored once.' TBLPROPERTIES ('relook.schemaVersion' = '1');

ALTER TABLE delta.`{}/images` ADD CONSTRAINT some_bytes CHECK (length(bytes) > 0);
