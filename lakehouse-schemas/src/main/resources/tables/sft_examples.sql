-- A trace to fine-tune on.
-- key: example_id
-- property delta.deletedFileRetentionDuration: interval 1000 weeks
-- property delta.logRetentionDuration: interval 1000 weeks
-- check kind_known: kind in ('direct', 'elaborative', 'corrective', 'recheck')
example_id STRING NOT NULL COMMENT 'SHA-256 of run, iteration and source',
run_id STRING NOT NULL COMMENT 'the run',
iteration INT NOT NULL COMMENT 'from 1',
query_id STRING NOT NULL COMMENT 'the question',
source_id STRING NOT NULL COMMENT 'trajectory or reflection it was made of',
kind STRING NOT NULL COMMENT 'direct, or the kind of the reflection',
prompt_ids ARRAY<INT> NOT NULL COMMENT 'tokens that are seen',
completion_ids ARRAY<INT> NOT NULL COMMENT 'tokens that are learnt',
image_ids ARRAY<STRING> NOT NULL COMMENT 'pictures'
