WITH one AS (SELECT min(query_id) AS query_id FROM sft_examples),
-- One question from where it was taken in to the last policy: ./relook sql "$(cat docs/follow-one-question.sql)" --lakehouse DIR
-- It follows the first question that anything was learnt from; put another key in its place above.
learnt AS (
  SELECT example_id AS row_id, query_id FROM sft_examples UNION ALL SELECT trajectory_id, query_id FROM trajectories),
steps AS (SELECT *, explode(trained_ids) AS row_id FROM training_steps)
SELECT 0 AS iteration, 'take in' AS stage, source AS policy, concat(question, ' ', answer) AS what FROM queries SEMI JOIN one USING (query_id)
UNION ALL
SELECT t.iteration, concat('roll out: ', phase), policy_version, concat(int(sum(accuracy)), ' of ', count(*), ' right')
  FROM trajectories t SEMI JOIN one USING (query_id) JOIN rewards r USING (trajectory_id) GROUP BY t.iteration, phase, step, policy_version
UNION ALL
SELECT iteration, 'partition', policy_version, concat(class, ', pass rate ', pass_rate) FROM difficulty SEMI JOIN one USING (query_id)
UNION ALL
SELECT iteration, 'reconstruct', NULL, concat(kind, ': ', if(kept, 'kept', reason)) FROM reflections SEMI JOIN one USING (query_id)
UNION ALL
SELECT iteration, concat(stage, ', step ', step), policy_out, concat('learnt from ', count(*), ' of its rows')
  FROM steps JOIN learnt USING (row_id) SEMI JOIN one USING (query_id) GROUP BY iteration, stage, step, policy_out
UNION ALL
SELECT c.iteration, concat('evaluate ', c.stage), policy_version, if(correct, 'right', 'wrong')
  FROM evaluations e SEMI JOIN one USING (query_id) JOIN checkpoints c USING (policy_version)
ORDER BY iteration, stage
