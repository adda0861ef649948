from local.mailbox import Mail
from local.mailbox_page import mailbox_page


def mail(**changes) -> Mail:
    known = {
        "to": ["bob@example.com"],
        "subject": "Countersign?",
        "text": "Decide: http://127.0.0.1:8787/a/xyz.",
        "html": None,
        "sent_at": "2026-11-21T03:00:00Z",
    }
    return Mail(**known | changes)


def test_a_web_address_is_a_link_without_the_full_stop():
    page = mailbox_page([mail()], "")
    assert '<a href="http://127.0.0.1:8787/a/xyz" rel="noreferrer">' in page


def test_markup_in_a_mail_stays_text():
    page = mailbox_page([mail(subject="<b>", text='<script>"http://x"</script>')], "")
    assert "<script>" not in page
    assert "&lt;b&gt;" in page


def test_one_persons_mails_are_shown_newest_first():
    mails = [mail(subject="first"), mail(to=["carol@example.com"], subject="other"), mail()]
    page = mailbox_page(mails, "bob@example.com")
    assert "other" not in page
    assert page.index("Countersign?") < page.index("first")
