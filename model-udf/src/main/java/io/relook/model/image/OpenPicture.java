package io.relook.model.image;

import java.io.Closeable;
import java.io.IOException;

/** A picture whose header was read: its size is known before a pixel is decoded. */
interface OpenPicture extends Closeable {
  int width();

  int height();

  LayeredImage read() throws IOException;

  @Override
  default void close() throws IOException {}
}
