-- What was taken in of a Delta table: the next run reads what its later versions added.
-- key: source, table_id, mapping, version
source STRING NOT NULL COMMENT 'the table, as the preset names it',
table_id STRING NOT NULL COMMENT 'Delta''s own: another table under the same name is read from its start',
mapping STRING NOT NULL COMMENT 'SHA-256 of the split, the mapping and the data folder: another one reads the table again',
version BIGINT NOT NULL COMMENT 'Delta version of the table up to which its rows are taken in',
taken BIGINT NOT NULL COMMENT 'questions taken in by this run',
refused BIGINT NOT NULL COMMENT 'rows refused by this run',
committed_at TIMESTAMP_LTZ NOT NULL COMMENT 'when'
