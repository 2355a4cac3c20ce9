-- How much attention new tokens pay to the pictures.
-- key: trajectory_id, layer, head
trajectory_id STRING NOT NULL COMMENT 'the trajectory',
layer INT NOT NULL COMMENT 'from 0',
head INT NOT NULL COMMENT 'from 0',
shares ARRAY<FLOAT> NOT NULL COMMENT 'of each new token''s query, summed over picture tokens'
