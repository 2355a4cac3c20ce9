package io.relook.rewards;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A unit of measure. {@code units.txt} beside this class has those that are known, by the
 * International System of Units (SI brochure, 9th edition), NIST Handbook 44 for the customary ones
 * and ISO 4217 for currencies.
 *
 * @param kind of what is measured
 * @param size in the kind's first unit
 */
record Unit(String kind, Fraction size) {
  private static final Map<String, List<Unit>> KNOWN = known();

  /** The unit's own size in the other's; empty where they are of two kinds. */
  Optional<Fraction> in(Unit other) {
    return kind.equals(other.kind)
        ? other.size.reciprocal().flatMap(size::times)
        : Optional.empty();
  }

  /** A unit of its own name, which is equal to itself. */
  static Unit own(String name) {
    return new Unit("own:" + name, Fraction.ONE);
  }

  /**
   * What a name may mean: {@code °} an angle or a temperature. By its letters as they are; whatever
   * their case where there are two or more and no other unit has them so ({@code Mb}, {@code mB}).
   */
  static List<Unit> named(String name) {
    List<Unit> exact = KNOWN.get(name);
    return exact != null || name.length() < 2
        ? exact == null ? List.of() : exact
        : KNOWN.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
  }

  Unit toPower(int power) {
    return power == 1 ? this : new Unit(kind + "^" + power, size.power(power).orElse(Fraction.ONE));
  }

  private static Map<String, List<Unit>> known() {
    Map<String, List<Unit>> known = new HashMap<>();
    try (InputStream file = Unit.class.getResourceAsStream("units.txt");
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
      lines.lines().filter(l -> !l.isBlank() && !l.startsWith("#")).forEach(l -> add(known, l));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Map.copyOf(known);
  }

  /** {@code kind | size | names}. */
  private static void add(Map<String, List<Unit>> known, String line) {
    String[] parts = line.split(" *\\| *");
    String[] size = parts[1].split("/");
    Fraction above = Fraction.of(Long.parseLong(size[0]));
    Fraction below = Fraction.of(size.length == 1 ? 1 : Long.parseLong(size[1]));
    Unit unit = new Unit(parts[0], below.reciprocal().flatMap(above::times).orElseThrow());
    for (String name : parts[2].split(", *")) {
      add(known, name, unit);
      if (name.matches("[a-zåéö ]{3,}")) {
        add(known, name + "s", unit);
      }
    }
  }

  private static void add(Map<String, List<Unit>> known, String name, Unit unit) {
    List<Unit> all = new ArrayList<>(known.getOrDefault(name, List.of()));
    all.add(unit);
    known.put(name, List.copyOf(all));
  }
}
