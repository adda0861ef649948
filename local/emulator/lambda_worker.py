"""Runs one Lambda's handler on AWS's own runtime client; a script, started inside the function's
zip."""

import os
import sys
import threading
import time

END_OF_LOG = "\x1eend of invocation "


def run() -> None:
    """Serve the handler that the command line names until the emulator ends."""
    from awslambdaric.__main__ import main
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    _end_the_log_before(LambdaRuntimeClient, "post_invocation_result")
    _end_the_log_before(LambdaRuntimeClient, "post_invocation_error")
    threading.Thread(target=_end_with_the_emulator, daemon=True).start()
    main(sys.argv)


def _end_the_log_before(client: type, method_name: str) -> None:
    """The last line of an invocation's log is out before its answer is."""
    answer = getattr(client, method_name)

    def end_log_and_answer(
        self: object, invoke_id: str, *arguments: object, **named: object
    ) -> object:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(1, f"{END_OF_LOG}{invoke_id}\n".encode())
        return answer(self, invoke_id, *arguments, **named)

    setattr(client, method_name, end_log_and_answer)


def _end_with_the_emulator() -> None:
    """A handler that still works when the emulator was killed ends too."""
    emulator = os.getppid()
    while os.getppid() == emulator:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    run()
