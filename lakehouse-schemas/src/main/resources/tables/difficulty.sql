-- How often a policy answers a question.
-- key: run_id, iteration, query_id
-- check rate_between: pass_rate between 0 and 1
-- check class_known: class in ('stable-correct', 'unstable', 'stable-wrong')
run_id STRING NOT NULL COMMENT 'the run',
iteration INT NOT NULL COMMENT 'from 1',
query_id STRING NOT NULL COMMENT 'the question',
policy_version STRING NOT NULL COMMENT 'the weights that answered',
samples INT NOT NULL COMMENT 'scored samples',
correct INT NOT NULL COMMENT 'right ones',
pass_rate DOUBLE NOT NULL COMMENT 'correct / samples',
low DOUBLE NOT NULL COMMENT 'lower end of the 95 % Wilson interval',
high DOUBLE NOT NULL COMMENT 'upper end',
class STRING NOT NULL COMMENT 'stable-correct at 1, stable-wrong at 0, unstable between',
kept BOOLEAN NOT NULL COMMENT '0 < pass_rate <= 1 (arXiv 2603.26348, figure 1)'
