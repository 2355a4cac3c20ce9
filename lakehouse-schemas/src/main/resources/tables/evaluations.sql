-- One answered benchmark question.
-- key: evaluation_id
evaluation_id STRING NOT NULL COMMENT 'SHA-256 of run, policy version, benchmark and query',
run_id STRING NOT NULL COMMENT 'the run',
policy_version STRING NOT NULL COMMENT 'the weights',
benchmark STRING NOT NULL COMMENT 'which questions',
query_id STRING NOT NULL COMMENT 'the question',
trajectory_id STRING NOT NULL COMMENT 'the completion',
correct BOOLEAN NOT NULL COMMENT 'whether the answer is right',
answer STRING COMMENT 'the answer that was read'
