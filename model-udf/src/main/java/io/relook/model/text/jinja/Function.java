package io.relook.model.text.jinja;

/** What a template can call. */
interface Function {
  Object call(Rendering rendering, Arguments arguments);

  /** A function by its name in messages. */
  record Named(String name, Function function) implements Function {
    @Override
    public Object call(Rendering rendering, Arguments arguments) {
      return function.call(rendering, arguments);
    }
  }
}
