-- Answers can be updated: a replayed step reads those that its samples were scored by. Pictures stand where a question's marks are.
ALTER TABLE queries SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 1000 weeks', 'delta.logRetentionDuration' = 'interval 1000 weeks')
ALTER TABLE queries ALTER COLUMN image_ids COMMENT 'the pictures, as the source has them; marks in the question say where they stand'
ALTER TABLE trajectories ALTER COLUMN image_ids COMMENT 'pictures it saw, in the order in which the prompt shows them'
