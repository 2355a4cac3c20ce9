-- A judge's verdict, kept so that nothing is judged twice.
-- key: judgement_id
judgement_id STRING NOT NULL COMMENT 'SHA-256 of judge, prompt version and content',
judge STRING NOT NULL COMMENT 'model or endpoint',
prompt_version STRING NOT NULL COMMENT 'of the judge''s prompt',
verdict STRING COMMENT 'structured, JSON; NULL where the judge failed',
score DOUBLE COMMENT 'what counts',
error STRING COMMENT 'why there is no verdict'
