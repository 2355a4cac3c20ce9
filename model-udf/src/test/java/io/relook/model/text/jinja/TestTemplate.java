package io.relook.model.text.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is refused and bounded, and whose text is whose. */
class TestTemplate {
  private static final String USERS = "<|end|> a-B";

  @Test
  void refusalsNameTheConstructAndItsLine() {
    refused("a\n{% include 'x' %}", "line 2", "'include'");
    refused("{% import 'x' as y %}", "line 1", "'import'");
    refused("{% from 'x' import y %}", "line 1", "'from'");
    refused("\n\n{% extends 'x' %}", "line 3", "'extends'");
    refused("{% autoescape true %}{% endautoescape %}", "line 1", "'autoescape'");
    refused("\n{% do x %}", "line 2", "'do'");
    refused("\n{{ 'a' | random }}", "line 2", "'random'");
    refused("\n{% if true %}\n{{ 'a' | urlize }}{% endif %}", "line 3", "'urlize'");
    refused("\n{{ '&copy;' | striptags }}", "line 2", "'&copy;'");
    refused("{{ 'a' | nope }}", "line 1", "No filter named 'nope'");
    refused("{{ lipsum() }}", "line 1", "'lipsum'");
    refused("{{ 'a'.encode() }}", "line 1", "'encode'");
    refused("{{ 'a'.upper }}", "line 1", "address in memory");
    refused("\n{{ strftime_now('%-f') }}", "line 2", "'%f'");
    refused("\n{{ strftime_now('%10Y') }}", "line 2", "'%1'");
    refused("\n{{ [1] | map('upper') }}", "line 2", "a generator");
    refused("{{ raise_exception('no tools') }}", "line 1: no tools");
    refused("{{ a.b }}", "line 1", "'a' is undefined");
    refused("\n{{ self.b }}{% block b %}{% endblock %}", "line 2", "address in memory");
  }

  @Test
  void aTemplateReachesItsVariablesAlone() {
    assertEquals(
        "|||",
        rendered("{{ ''.__class__ }}|{{ messages.__len__ }}|{{ x.getClass }}|{{ x.class }}"));
    refused("{{ ''.__class__.__mro__ }}", "unsafe");
    refused("{{ ''.getClass() }}", "no attribute 'getClass'");
    refused("{{ '{0.__class__.__name__}'.format(1) }}", "unsafe");
    refused("{{ messages.add(1) }}", "no attribute 'add'");
    refused("{{ messages.append(1) }}", "unsafe");
  }

  @Test
  void timeOutputAndDepthAreBounded() {
    assertTimeout(
        Duration.ofSeconds(60),
        () -> {
          refused("{{ 'a' * 10 ** 9 }}", "characters");
          refused("{% set x = 'abc' * 10 ** 6 %}{{ x * 100 }}", "characters");
          refused("{% for i in range(100) %}{{ 'a' * 10 ** 6 }}{% endfor %}", "characters");
          refused("{{ '%999999999d' % 1 }}", "characters");
          refused("{{ 'a'.center(10 ** 12) }}", "characters");
          refused("{{ [1] * 10 ** 9 }}", "items");
          refused("{{ range(10 ** 6) }}", "Range too big");
          refused("{{ 9 ** 999999999 }}", "bits");
          refused(
              "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
              "steps");
          refused(
              "{% for i in range(100000) %}{{ range(100000) | select('none') | list }}{% endfor %}",
              "steps");
          refused("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "calls");
          refused("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "calls");
          refused("{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}", "nested");
          refused("{% if true %}".repeat(5000) + "{% endif %}".repeat(5000), "nested");
          refused("{{ " + "not ".repeat(5000) + "1 }}", "nested");
          refused("{{ 1" + "|abs".repeat(50_000) + " }}", "nesting");
          refused(
              "{% set ns = namespace(v=[]) %}{% for i in range(5000) %}{% set ns.v = [ns.v] %}{%"
                  + " endfor %}{{ ns.v }}",
              "levels");
        });
  }

  @Test
  void whatIsMadeOfAUsersTextStaysTheUsers() {
    String[] kept = {
      "s",
      "s ~ ''",
      "s[1:4]",
      "s[::-1]",
      "s | upper",
      "s.lower()",
      "s.title()",
      "s.swapcase()",
      "s.capitalize()",
      "s.split('-')[0]",
      "s.rsplit(' ', 1)[1]",
      "s.strip('<')",
      "s | trim",
      "s.replace('zz', 'y')",
      "s | list | join",
      "s | string",
      "s * 2",
      "s.partition('-')[2]",
      "s.splitlines()[0]",
      "s | reverse",
      "s.center(3)",
      "s | truncate(255)",
      "s.format()",
      "s % ()",
      "{'a': s}.a",
      "s.removeprefix('<')",
      "s | indent",
      "s | map('upper') | join",
      "s | title",
      "s.casefold()",
      "s | striptags",
      "s | wordwrap(99)",
      "('%s' | safe) % s",
      "('{}' | safe).format(s)",
      "(s | safe).replace('zz', 'y')"
    };
    for (String made : kept) {
      Text text = text("{{ " + made + " }}");
      assertTrue(
          text.withUsersAs('\0').chars().allMatch(c -> c == 0),
          made + ": " + text.withUsersAs('_'));
    }
    Map<String, String> mixed =
        Map.of(
            "'<' ~ s[1:6] ~ '>'", "<_____>",
            "s.replace('end', 'x')", "__x______",
            "{'k': s} | tojson", "{\"k\": \"___________\"}",
            "[s, 1]", "['___________', 1]",
            "'[%s]' % s", "[___________]",
            "'{:.3}!'.format(s)", "___!",
            "s | e", "_________________",
            "s | length ~ '<|end|>'", "11<|end|>",
            "'<|' ~ [s[2:5], 'x'] | join('.') ~ '|>'", "<|___.x|>");
    mixed.forEach(
        (made, own) -> assertEquals(own, text("{{ " + made + " }}").withUsersAs('_'), made));
    Text emoji = Template.of("{{ s }}.").render(Map.of("s", Text.ofUser("😀é")), Clock.systemUTC());
    assertEquals("___.", emoji.withUsersAs('_'), "one mark for each UTF-16 unit");
  }

  private static void refused(String template, String... parts) {
    TemplateException e = assertThrows(TemplateException.class, () -> rendered(template), template);
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage() + " lacks " + part);
    }
  }

  private static String rendered(String template) {
    Map<String, Object> variables = new HashMap<>(Map.of("messages", List.of(), "x", "y"));
    return Template.of(template).render(variables, Clock.systemUTC()).toString();
  }

  private static Text text(String template) {
    return Template.of(template).render(Map.of("s", Text.ofUser(USERS)), Clock.systemUTC());
  }
}
