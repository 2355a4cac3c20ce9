-- A judge's verdict, kept so that nothing is judged twice.
-- key: judgement_id
judgement_id STRING NOT NULL COMMENT 'SHA-256 of judge, prompt version and content',
judge STRING NOT NULL COMMENT 'model or endpoint',
prompt_version STRING NOT NULL COMMENT 'of the judge''s prompt',
verdict STRING COMMENT 'its reason; NULL where the judge failed',
score DOUBLE COMMENT 'from 0 to 1',
error STRING COMMENT 'why there is no verdict',
prompt_tokens INT COMMENT 'what the judge read, by its own count; 0 where it does not say',
completion_tokens INT COMMENT 'what the judge wrote'
