-- A row that was not taken in.
-- key: reject_id
reject_id STRING NOT NULL COMMENT 'SHA-256 of source and place',
source STRING NOT NULL COMMENT 'file or table',
place STRING NOT NULL COMMENT 'line, row or key there',
reason STRING NOT NULL COMMENT 'why, and what to do'
