package io.relook.scenes;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/**
 * Scenes to PNG: 112 × 112 pixels, antialiased, sizes and places a little off, no fonts. Where the
 * kit is wide the paper is tinted, colours vary, and a single thing has any size and place.
 */
final class ScenePainter {
  static final int SIDE = 112;
  private static final int CELL = SIDE / Scene.Things.SIDE;

  private ScenePainter() {}

  static byte[] png(Kit kit, Scene scene, SplittableRandom random) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    int paper = 225 + random.nextInt(31);
    g.setColor(kit == Kit.WIDE ? tint(random) : new Color(paper, paper, paper));
    g.fillRect(0, 0, SIDE, SIDE);
    if (scene instanceof Scene.Things && kit == Kit.WIDE) {
      List<Scene.Thing> things = ((Scene.Things) scene).things();
      things.forEach(thing -> paintWide(g, thing, things.size() == 1, random));
    } else if (scene instanceof Scene.Things) {
      ((Scene.Things) scene).things().forEach(thing -> paint(g, thing, random));
    } else {
      paint(g, (Scene.Bars) scene);
    }
    g.dispose();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void paint(Graphics2D g, Scene.Thing thing, SplittableRandom random) {
    double radius = 7.5 + 4 * random.nextDouble();
    double x = CELL * (thing.column() + 0.5) + 3 * (random.nextDouble() - 0.5);
    double y = CELL * (thing.row() + 0.5) + 3 * (random.nextDouble() - 0.5);
    g.setColor(new Color(thing.colour().rgb));
    g.fill(outline(thing.shape(), x, y, radius));
  }

  private static Color tint(SplittableRandom random) {
    return new Color(200 + random.nextInt(56), 200 + random.nextInt(56), 200 + random.nextInt(56));
  }

  private static void paintWide(
      Graphics2D g, Scene.Thing thing, boolean single, SplittableRandom random) {
    double radius = single ? 9 + 34 * random.nextDouble() : 8.5 + 3.5 * random.nextDouble();
    double free = SIDE - 2.4 * radius;
    double x = CELL * (thing.column() + 0.5) + 3 * (random.nextDouble() - 0.5);
    double y = CELL * (thing.row() + 0.5) + 3 * (random.nextDouble() - 0.5);
    if (single) {
      x = 1.2 * radius + free * random.nextDouble();
      y = 1.2 * radius + free * random.nextDouble();
    }
    g.setColor(
        new Color(
            near(thing.colour().rgb >> 16, random),
            near(thing.colour().rgb >> 8, random),
            near(thing.colour().rgb, random)));
    if (thing.shape() == Scene.Shape.RECTANGLE) {
      double narrow = radius * (0.35 + (single ? 0.65 : 0.3) * random.nextDouble());
      boolean upright = random.nextBoolean();
      double wide = upright ? narrow : radius;
      double high = upright ? radius : narrow;
      g.fill(new Rectangle2D.Double(x - wide, y - high, 2 * wide, 2 * high));
    } else {
      g.fill(outline(thing.shape(), x, y, radius));
    }
  }

  /** A colour channel, a little off. */
  private static int near(int channel, SplittableRandom random) {
    return Math.max(0, Math.min(255, (channel & 0xFF) + random.nextInt(41) - 20));
  }

  private static java.awt.Shape outline(Scene.Shape shape, double x, double y, double r) {
    if (shape == Scene.Shape.CIRCLE) {
      return new Ellipse2D.Double(x - r, y - r, 2 * r, 2 * r);
    }
    if (shape == Scene.Shape.SQUARE) {
      return new Rectangle2D.Double(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
    }
    int corners = shape == Scene.Shape.TRIANGLE ? 3 : 10;
    Path2D path = new Path2D.Double();
    for (int i = 0; i < corners; i++) {
      double reach = corners == 10 && i % 2 == 1 ? 0.42 * r : 1.15 * r;
      double angle = 2 * Math.PI * i / corners - Math.PI / 2;
      double px = x + reach * StrictMath.cos(angle);
      double py = y + reach * StrictMath.sin(angle);
      if (i == 0) {
        path.moveTo(px, py);
      } else {
        path.lineTo(px, py);
      }
    }
    path.closePath();
    return path;
  }

  private static void paint(Graphics2D g, Scene.Bars bars) {
    int unit = 14;
    for (int i = 0; i < bars.bars().size(); i++) {
      Scene.Bar bar = bars.bars().get(i);
      g.setColor(new Color(bar.colour().rgb));
      g.fill(
          new Rectangle2D.Double(
              CELL * i + 5, SIDE - 4 - unit * bar.height(), CELL - 10, unit * bar.height()));
    }
    g.setColor(Color.BLACK);
    g.fill(new Rectangle2D.Double(0, SIDE - 4, SIDE, 2));
  }
}
