"""Prints what TensorBoard's own reader finds in a folder of event files: run, tag, step, wall time and value, a scalar a line.

    python tests/read_tensorboard.py FOLDER                 such as LAKEHOUSE/tensorboard
    python tests/read_tensorboard.py --golden FILE          writes the golden of TestEventFile by TensorBoard's own writer

Needs tensorboard (run with 2.21.0).
"""
import os, sys

from tensorboard.backend.event_processing import event_file_loader, io_wrapper
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util


def show(folder):
    for below, files in io_wrapper.ListRecursivelyViaWalking(folder):
        for file in sorted(f for f in files if io_wrapper.IsTensorFlowEventsFile(f)):
            for event in event_file_loader.EventFileLoader(file).Load():
                for value in event.summary.value:
                    scalar = tensor_util.make_ndarray(value.tensor).item()
                    print(os.path.relpath(below, folder), value.tag, event.step, repr(event.wall_time), repr(scalar), sep="\t")


def golden(file):
    steps = [(1764063478.5, 1, {"loss": 0.25, "metrics/truncated_share": 0.0}),
             (1764063480.123456, 2, {"loss": -1e-9, "tokens": 123456.0, "Gr\u00f6\u00dfe": float("inf")}),
             (1764063481.0, 300, {"loss": float("nan"), "reward_mean": 1 / 3} | {f"seconds_by_part/{i}": i / 7 for i in range(12)})]
    with open(file, "wb") as out:
        writer = RecordWriter(out)
        writer.write(event_pb2.Event(wall_time=steps[0][0], file_version="brain.Event:2").SerializeToString())
        for time, step, scalars in steps:
            values = [summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
            writer.write(event_pb2.Event(wall_time=time, step=step, summary=summary_pb2.Summary(value=values)).SerializeToString())
        writer.flush()


if __name__ == "__main__":
    golden(sys.argv[2]) if sys.argv[1] == "--golden" else show(sys.argv[1])
