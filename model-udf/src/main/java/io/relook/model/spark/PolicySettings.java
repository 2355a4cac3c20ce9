package io.relook.model.spark;

import io.relook.model.image.Transparency;
import java.io.Serializable;

/**
 * A policy and how rows reach it.
 *
 * @param uri where its checkpoint lies: any Hadoop path
 * @param minPixels of each picture as the model sees it; 0 for the checkpoint's own bound
 * @param maxPixels the same from above
 * @param transparency what lies under a picture's transparent parts
 * @param batchSize most prompts that the engine takes at once
 */
public record PolicySettings(
    EngineSettings engine,
    String uri,
    long minPixels,
    long maxPixels,
    Transparency transparency,
    int batchSize)
    implements Serializable {}
