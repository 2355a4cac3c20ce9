-- A question about pictures, with its right answer where one is known.
-- key: query_id
-- property delta.deletedFileRetentionDuration: interval 1000 weeks
-- property delta.logRetentionDuration: interval 1000 weeks
-- check split_known: split in ('train', 'validation', 'test')
query_id STRING NOT NULL COMMENT 'SHA-256 of source, split, pictures and question',
source STRING NOT NULL COMMENT 'where it was taken from',
split STRING NOT NULL COMMENT 'train, validation or test',
question STRING NOT NULL COMMENT 'as it is asked',
answer STRING COMMENT 'the right answer; NULL where none is known',
image_ids ARRAY<STRING> NOT NULL COMMENT 'the pictures, as the source has them; marks in the question say where they stand',
template STRING COMMENT 'the kind of question',
difficulty INT COMMENT 'the source''s own estimate, 1 is easy'
