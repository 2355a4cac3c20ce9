package io.relook.training;

import io.relook.preset.Preset;
import java.io.Serializable;

/**
 * What an executor needs to know of a stage.
 *
 * @param stage names the stage of this driver's life: another one loads its policy again
 * @param uri of the version that the stage began with
 * @param threads of the engine in each executor
 */
record ReplicaSetup(String stage, String uri, Preset.Train train, int threads)
    implements Serializable {}
