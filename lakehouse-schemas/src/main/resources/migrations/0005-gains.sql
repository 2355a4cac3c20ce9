-- What a reflection tells of the answer and of the picture, and all that speaks against it.
ALTER TABLE reflections ADD COLUMN filters MAP<STRING, STRING> COMMENT 'what speaks against it by filter: finish, format, answer, length, repetition, leak, language, answer_gain, visual_gain'
ALTER TABLE reflections ADD COLUMN answer_gain DOUBLE COMMENT 'nats a token of the right answer that the reflection is worth; NULL where a filter of the text had dropped it'
ALTER TABLE reflections ADD COLUMN visual_gain DOUBLE COMMENT 'nats a token of the reflection that the picture is worth; NULL where a filter of the text had dropped it, or there is no picture'
