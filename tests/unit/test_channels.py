"""What each channel hands to its service: one person, one plain subject, one text."""

import pytest

from functions.shared.channels import Mail, SesChannel, SnsChannel, channel_of

MAIL = Mail("Start 1 × t2.micro\r\nBcc: evil@example.com" + "x" * 200, "text é", "<p>text é</p>")
SUBJECT = ("Start 1 x t2.micro??Bcc: evil@example.com" + "x" * 200)[:99]


class Service:
    """Keeps what it was sent."""

    def __init__(self):
        self.sent = []

    def publish(self, **request):
        self.sent.append(request)

    def send_email(self, **request):
        self.sent.append(request)


def test_sns_publishes_for_one_recipient():
    service = Service()
    SnsChannel(service, "topic").send("carol@example.com", MAIL)
    assert service.sent == [
        {
            "TopicArn": "topic",
            "Subject": SUBJECT,
            "Message": "text é",
            "MessageAttributes": {
                "recipient": {"DataType": "String", "StringValue": "carol@example.com"}
            },
        }
    ]


def test_ses_sends_one_mail_to_one_address_from_the_operators():
    service = Service()
    SesChannel(service, "countersign@example.com").send("carol@example.com", MAIL)
    [sent] = service.sent
    assert sent["FromEmailAddress"] == "countersign@example.com"
    assert sent["Destination"] == {"ToAddresses": ["carol@example.com"]}
    assert sent["Content"]["Simple"]["Subject"]["Data"] == SUBJECT
    assert sent["Content"]["Simple"]["Body"]["Text"]["Data"] == "text é"
    assert sent["Content"]["Simple"]["Body"]["Html"]["Data"] == "<p>text é</p>"


def test_a_channel_that_is_none_is_refused():
    with pytest.raises(KeyError):
        channel_of("pigeon", topic_arn="", mail_from="")
