package io.relook.model.torch;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;

/**
 * Runs a named method of a loaded module, with gradients or without.
 *
 * <p>DJL 0.36's public {@code IValueUtils.runMethod} always runs under libtorch's inference mode,
 * in which no gradient can be taken whatever the thread's grad mode says; the native call beneath
 * it takes the choice as an argument but is package-private, hence the reflection, bound once here.
 */
final class ModuleCall {
  private static final MethodHandle RUN;
  private static final MethodHandle WRAP;

  static {
    try {
      Class<?> library = Class.forName("ai.djl.pytorch.jni.PyTorchLibrary");
      Field instance = library.getDeclaredField("LIB");
      instance.setAccessible(true);
      Method run =
          library.getDeclaredMethod(
              "moduleRunMethod",
              long.class,
              String.class,
              long[].class,
              boolean.class,
              boolean.class);
      run.setAccessible(true);
      Constructor<IValue> wrap = IValue.class.getDeclaredConstructor(long.class);
      wrap.setAccessible(true);
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      RUN = lookup.unreflect(run).bindTo(instance.get(null));
      WRAP = lookup.unreflectConstructor(wrap);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private ModuleCall() {}

  static IValue run(PtSymbolBlock block, String method, IValue[] arguments, boolean gradients) {
    long[] handles = new long[arguments.length];
    for (int i = 0; i < handles.length; i++) {
      handles[i] = arguments[i].getHandle();
    }
    try {
      long result = (long) RUN.invoke((long) block.getHandle(), method, handles, gradients, false);
      return (IValue) WRAP.invoke(result);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
