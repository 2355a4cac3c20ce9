-- Greedy answers that a study asks of a trace: before its reflection, and with another picture from the reflection on.
ALTER TABLE trajectories DROP CONSTRAINT IF EXISTS phase_known
ALTER TABLE trajectories ADD CONSTRAINT phase_known CHECK (phase in ('difficulty', 'reconstruction', 'rejection', 'rl', 'hard', 'evaluation', 'before', 'swap'))
