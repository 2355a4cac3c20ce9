-- What a reflection tells of the answer and of the picture, all that speaks against it, and what a judge's verdict took.
ALTER TABLE reflections ADD COLUMN filters MAP<STRING, STRING> COMMENT 'what speaks against it by filter: finish, format, answer, length, repetition, leak, language, answer_gain, visual_gain, judge'
ALTER TABLE reflections ADD COLUMN answer_gain DOUBLE COMMENT 'nats a token of the right answer that the reflection is worth; NULL where a filter of the text had dropped it'
ALTER TABLE reflections ADD COLUMN visual_gain DOUBLE COMMENT 'nats a token of the reflection that the picture is worth; NULL where a filter of the text had dropped it, or there is no picture'
ALTER TABLE judgements ADD COLUMN prompt_tokens INT COMMENT 'what the judge read, by its own count; 0 where it does not say'
ALTER TABLE judgements ADD COLUMN completion_tokens INT COMMENT 'what the judge wrote'
ALTER TABLE judgements ALTER COLUMN verdict COMMENT 'its reason; NULL where the judge failed'
ALTER TABLE judgements ALTER COLUMN score COMMENT 'from 0 to 1'
