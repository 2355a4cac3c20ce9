package io.relook.model.spark;

import java.io.Serializable;

/**
 * A policy and how rows reach it.
 *
 * @param uri where its checkpoint lies: any Hadoop path
 * @param minPixels of each picture as the model sees it; 0 for the checkpoint's own bound
 * @param maxPixels the same from above
 * @param batchSize most prompts that the engine takes at once
 */
public record PolicySettings(
    EngineSettings engine, String uri, long minPixels, long maxPixels, int batchSize)
    implements Serializable {}
