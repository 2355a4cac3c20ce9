-- Answers can be updated: a replayed step reads those that its samples were scored by.
ALTER TABLE queries SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 1000 weeks', 'delta.logRetentionDuration' = 'interval 1000 weeks')
