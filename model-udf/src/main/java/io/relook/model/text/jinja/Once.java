package io.relook.model.text.jinja;

import java.util.Iterator;

/** A generator: its items come once, as they are asked for. */
record Once(Iterator<Object> items) {}
