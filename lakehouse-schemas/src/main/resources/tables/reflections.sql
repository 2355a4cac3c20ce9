-- A trace rebuilt with a second look by the same model.
-- key: reflection_id
-- check kind_known: kind in ('elaborative', 'corrective', 'recheck')
reflection_id STRING NOT NULL COMMENT 'the trajectory that sampled it',
run_id STRING NOT NULL COMMENT 'the run',
iteration INT NOT NULL COMMENT 'from 1',
query_id STRING NOT NULL COMMENT 'the question',
parent_id STRING NOT NULL COMMENT 'the trajectory whose reasoning stands before it',
kind STRING NOT NULL COMMENT 'elaborative, corrective or recheck',
pre_reasoning STRING NOT NULL COMMENT 'the text before the reflection',
pre_correct BOOLEAN NOT NULL COMMENT 'whether the parent''s answer was right',
correct BOOLEAN NOT NULL COMMENT 'whether the answer after the reflection is right',
kept BOOLEAN NOT NULL COMMENT 'whether it becomes an example',
reason STRING COMMENT 'why it was dropped',
filters MAP<STRING, STRING> COMMENT 'what speaks against it by filter: finish, format, answer, length, repetition, leak, language, answer_gain, visual_gain',
answer_gain DOUBLE COMMENT 'nats a token of the right answer that the reflection is worth; NULL where a filter of the text had dropped it',
visual_gain DOUBLE COMMENT 'nats a token of the reflection that the picture is worth; NULL where a filter of the text had dropped it, or there is no picture'
