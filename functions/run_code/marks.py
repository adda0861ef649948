"""What the confined process and the one that reads it both know."""

OUTPUT_BYTES = 1_000_000
"""What one run may write, pictures included."""
SNAPSHOT_BYTES = 3 * 1024 * 1024
TEXT = "countersign/text"
"""Where a value's plain text stands in the metadata of its output."""
SNAPSHOT = "application/vnd.countersign.snapshot"
NAME = "kernel"
PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}
"""The kernel's sockets, by Jupyter's words for them: `kernel-1` to `kernel-5` in the channel's folder."""
