-- The lakehouse joins small files itself: Delta's auto-compaction rewrites a table at every append of a process that did not make it.
ALTER TABLE checkpoints UNSET TBLPROPERTIES IF EXISTS ('delta.autoOptimize.autoCompact')
ALTER TABLE trajectories UNSET TBLPROPERTIES IF EXISTS ('delta.autoOptimize.autoCompact')
ALTER TABLE rewards UNSET TBLPROPERTIES IF EXISTS ('delta.autoOptimize.autoCompact')
ALTER TABLE training_steps UNSET TBLPROPERTIES IF EXISTS ('delta.autoOptimize.autoCompact')
ALTER TABLE stages UNSET TBLPROPERTIES IF EXISTS ('delta.autoOptimize.autoCompact')
