import socket

import pytest

from local.model_choice import check_reachable, choose_model
from local.refusal import CannotRun

SCRIPTED = "http://127.0.0.1:1/v1"


def test_without_a_key_or_an_address_the_scripted_model_is_used():
    choice = choose_model({"CHAT_MODEL": "ignored"}, SCRIPTED)
    assert (choice.is_scripted, choice.base_url) == (True, SCRIPTED)
    assert "no text leaves this machine" in choice.sentence()


def test_a_key_alone_means_openai_and_says_that_text_leaves():
    choice = choose_model({"OPENAI_API_KEY": "secret", "CHAT_MODEL": "gpt"}, SCRIPTED)
    assert choice.base_url == "https://api.openai.com/v1"
    assert "; text leaves this machine" in choice.sentence()
    assert "secret" not in choice.sentence() + repr(choice)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:9"])
def test_a_model_on_this_machine_keeps_text_here(host):
    address = {"OPENAI_BASE_URL": f"http://{host}/v1", "CHAT_MODEL": "own"}
    assert "no text leaves this machine" in choose_model(address, SCRIPTED).sentence()


def test_a_model_without_a_name_is_refused_in_one_line():
    with pytest.raises(CannotRun, match="^CHAT_MODEL is not set[^\n]+$"):
        choose_model({"OPENAI_API_KEY": "secret"}, SCRIPTED)


def test_a_dead_endpoint_is_refused_in_one_line():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    choice = choose_model({"OPENAI_BASE_URL": address, "CHAT_MODEL": "own"}, SCRIPTED)
    with pytest.raises(CannotRun, match="does not answer"):
        check_reachable(choice)


def test_a_living_endpoint_is_only_connected_to():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        check_reachable(choose_model({"OPENAI_BASE_URL": address, "CHAT_MODEL": "own"}, SCRIPTED))
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(1) == b""
