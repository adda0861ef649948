"""From the first message to the instance id in the conversation, handler by handler."""


def test_an_approved_request_starts_one_instance_and_the_conversation_says_so(backend):
    backend.model.says("Which AMI?")
    first = backend.chat("I want to run a new EC2 instance.")
    conversation_id = first.json["conversation_id"]
    approval_id = backend.ask(conversation_id=conversation_id)
    backend.open(approval_id)
    assert set(backend.account.mails_of_all()) == {"bob@example.com", "carol@example.com"}
    answer = backend.decide(approval_id)
    assert answer.status == 200, answer.text
    settled = backend.settle(approval_id)
    for call_id in settled["approved_calls"]:
        backend.launch(approval_id, call_id)
    backend.record(approval_id)
    backend.model.says("Your instance runs.")
    backend.last_word(approval_id)
    [instance] = backend.ec2.instances()
    turn = backend.turns(conversation_id)[-1]
    assert instance["InstanceId"] in turn["reply"]
    assert turn["reply"].endswith("Your instance runs.")
    assert turn["status"] == "completed"
