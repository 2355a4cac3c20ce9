-- A stretch of a stage's work: a run that was stopped and went on has several.
-- key: run_id, iteration, stage, started_at
-- grows by step
run_id STRING NOT NULL COMMENT 'the run',
iteration INT NOT NULL COMMENT 'from 1; 0 before the first',
stage STRING NOT NULL COMMENT 'as the loop names it',
started_at TIMESTAMP_LTZ NOT NULL COMMENT 'when the stretch began',
seconds DOUBLE NOT NULL COMMENT 'how long it took; 0 until it ends, and where it was stopped'
