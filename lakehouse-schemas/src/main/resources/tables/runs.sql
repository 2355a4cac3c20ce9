-- A run and everything it was started with.
-- key: run_id, started_at
run_id STRING NOT NULL COMMENT 'its name',
preset STRING NOT NULL COMMENT 'all settings, YAML',
started_at TIMESTAMP_LTZ NOT NULL COMMENT 'first start with these settings'
