package io.relook.model.text;

import java.util.List;

/**
 * A turn of a chat: who speaks, and texts and pictures in their order.
 *
 * @param plain one text, given to templates as a string instead of a list of parts
 */
public record Message(String role, List<Part> parts, boolean plain) {
  /** Text, or a picture where the text is null. */
  public record Part(String text) {
    public boolean isPicture() {
      return text == null;
    }
  }

  public Message {
    parts = List.copyOf(parts);
  }

  public static Message of(String role, String text) {
    return new Message(role, List.of(new Part(text)), true);
  }

  /** Some pictures, then text. */
  public static Message ofPictures(String role, int pictures, String text) {
    List<Part> parts =
        new java.util.ArrayList<>(java.util.Collections.nCopies(pictures, new Part(null)));
    parts.add(new Part(text));
    return new Message(role, parts, false);
  }
}
