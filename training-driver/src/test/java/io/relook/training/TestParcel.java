package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.junit.jupiter.api.Test;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

final class TestParcel {
  private record Told(int number, List<Integer> packs, Map<String, Double> by, String none)
      implements Serializable {}

  @Test
  void valuesComeBackBitForBitWhateverTheirPieces() {
    float[][] values = {
      {1.5f, -0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY, 3e38f}, {}, {0.1f, 0.2f, 0.3f, 0.4f}
    };
    for (int piece : new int[] {1, 2, 4, 5, 100}) {
      assertArrayEquals(
          values, Parcel.open(Parcel.pack(null, values, piece)).tensors(), "pieces of " + piece);
    }
    assertArrayEquals(values, Parcel.open(Parcel.pack(null, values)).tensors());
    assertNull(Parcel.open(Parcel.pack(null, values)).value());
  }

  @Test
  void noPieceIsLongerThanAsked() {
    byte[][] arrays = Parcel.pack(null, new float[][] {new float[7]}, 3);
    assertEquals(4, arrays.length);
    assertEquals(12, arrays[1].length);
    assertEquals(4, arrays[3].length);
  }

  /** Kryo as {@code spark.serializer} sets it up, where it takes registered classes alone. */
  @Test
  void kryoTakesItWithNothingRegistered() {
    SparkConf conf = new SparkConf(false).set("spark.kryo.registrationRequired", "true");
    SerializerInstance kryo = new KryoSerializer(conf).newInstance();
    ClassTag<Object> any = ClassTag$.MODULE$.apply(Object.class);
    Told told = new Told(3, List.of(1, 2), Map.of("a", 0.5), null);
    float[][] tensors = {{1f, 2f}, {}};
    Object[] sent = {Parcel.pack(told, tensors, 1)};
    Object[] received = (Object[]) kryo.deserialize(kryo.serialize(sent, any), any);
    Parcel<Told> opened = Parcel.open((byte[][]) received[0]);
    assertEquals(told, opened.value());
    assertArrayEquals(tensors, opened.tensors());
  }

  @Test
  void aRecordOfImmutableCollectionsComesBack() {
    Told told = new Told(3, List.of(1, 2), Collections.unmodifiableMap(Map.of("a", 0.5)), null);
    Parcel<Told> opened = Parcel.open(Parcel.pack(told, new float[0][]));
    assertEquals(told, opened.value());
    assertEquals(0, opened.tensors().length);
  }
}
