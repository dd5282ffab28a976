"""Every kind of channel, against a real server over a real socket."""

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from django.utils import timezone
from paho.mqtt.enums import CallbackAPIVersion
from standardwebhooks import Webhook

from tests.integration.server.alerts.conftest import JPEG, make_channel
from tests.support.processes import PATIENCE_S, wait_until
from tests.support.receivers import Browser, MailServer, Receiver, vapid_claims
from vedette.domain.errors import ConfigurationError
from vedette.server.alerts.channels.base import Message, SendError
from vedette.server.alerts.channels.push import application_key, payload
from vedette.server.alerts.models import Channel
from vedette.server.alerts.service import change_channel, connect_browser, redacted, sender_of
from vedette.server.alerts.trial import try_channel
from vedette.server.alerts.vaulted import secrets_of
from vedette.testing.certificate import self_signed
from vedette.testing.ports import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "123456:ABC-DEF_ghi"
MESSAGE = Message(
    id="01990000-0000-7000-8000-000000000001",
    delivery="01990000-0000-7000-8000-000000000002",
    revision=1,
    title="Drive: person",
    text="14:03:22, Gate, 87 %",
    about="events",
    camera="drive",
    opened=timezone.now(),
    last=timezone.now(),
    base="https://vedette.example",
    path="/events/1",
    picture_path="/alerts/picture/x",
    snooze_path="/alerts/snooze/y",
    picture=JPEG,
)


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A server's context with a certificate of its own, and that certificate as PEM."""
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate.read_text()


def send(channel: Channel, message: Message = MESSAGE, handle: str = "") -> Any:
    """Send once."""
    sender = sender_of(channel)
    try:
        return sender.send(message, handle)
    finally:
        sender.close()


def failure(channel: Channel, message: Message = MESSAGE) -> SendError:
    """Why it was not taken."""
    with pytest.raises(SendError) as caught:
        send(channel, message)
    return redacted(caught.value, channel)


# Webhooks


def test_a_webhook_is_signed_json(db: None, hook: Receiver) -> None:
    """The body holds ids, words and links; an independent library accepts its signature."""
    channel = make_channel("webhook", url=hook.url(), secret=SECRET, authorization="Bearer t0k3n")
    assert send(channel).answer == "200 ok"
    (got,) = hook.requests
    body = Webhook(SECRET).verify(got.body.decode(), got.headers)
    assert (body["id"], body["delivery"], body["title"]) == (MESSAGE.id, MESSAGE.delivery, "Drive: person")
    assert body["picture_url"] == "https://vedette.example/alerts/picture/x"
    assert got.headers["Authorization"] == "Bearer t0k3n"
    assert got.headers["webhook-id"] == f"{MESSAGE.delivery}.1"


def test_a_webhook_can_carry_the_picture(db: None, hook: Receiver) -> None:
    """As multipart: the JSON that is signed, and the JPEG beside it."""
    send(make_channel("webhook", url=hook.url(), picture="attach"))
    (got,) = hook.requests
    parts = message_from_bytes(
        f"Content-Type: {got.headers['Content-Type']}\r\n\r\n".encode() + got.body, policy=default
    )
    payload_part, picture = list(parts.iter_parts())  # type: ignore[attr-defined]
    assert json.loads(payload_part.get_content())["title"] == "Drive: person"
    assert picture.get_content() == JPEG


def test_webhooks_go_to_the_configured_address_only(db: None, hook: Receiver) -> None:
    """A redirect is not followed, and is no use to try again."""
    with Receiver() as other:
        hook.answers = lambda _: (302, {"Location": other.url()}, b"")
        error = failure(make_channel("webhook", url=hook.url()))
        assert error.permanent
        assert "redirect" in str(error)
        assert not other.requests


@pytest.mark.parametrize(
    ("status", "permanent", "retry_after_s"),
    [(500, False, 0), (429, False, 7), (503, False, 7), (403, True, 7)],
)
def test_what_can_be_mended_by_waiting(
    db: None, hook: Receiver, status: int, permanent: bool, retry_after_s: int
) -> None:
    """Trouble on the other side is temporary, a refusal is not; a wish to wait is heard."""
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
    hook.answers = lambda _: (status, headers, b"no")
    error = failure(make_channel("webhook", url=hook.url()))
    assert (error.permanent, error.retry_after_s) == (permanent, retry_after_s)


def test_webhooks_do_not_ask_metadata_services(db: None) -> None:
    """Link-local addresses are refused."""
    error = failure(make_channel("webhook", url="http://169.254.169.254/latest/"))
    assert "does not connect" in str(error)


def test_certificates_are_checked(db: None, tls: tuple[ssl.SSLContext, str]) -> None:
    """A certificate of nobody's is refused; with its authority in the channel it is taken."""
    context, authority = tls
    with Receiver(context) as hook:
        assert "CERTIFICATE_VERIFY_FAILED" in str(failure(make_channel("webhook", "A", url=hook.url())))
        assert send(make_channel("webhook", "B", url=hook.url(), authority=authority)).answer == "200 ok"


# Telegram


def telegram(api: Receiver) -> Channel:
    """A channel to a server that speaks the Bot API."""
    api.answers = lambda _: (200, {}, b'{"ok":true,"result":{"message_id":42}}')
    return make_channel("telegram", token=TOKEN, chat="-1001", api=api.origin)


def test_telegram_gets_a_photo(db: None, hook: Receiver) -> None:
    """With caption and buttons; its number is kept to change it later."""
    sent = send(telegram(hook))
    (got,) = hook.requests
    assert got.path == f"/bot{TOKEN}/sendPhoto"
    assert JPEG in got.body
    assert "Drive: person\n14:03:22" in got.body.decode(errors="replace")
    assert sent.handle == "photo:42"


def test_telegram_is_changed_instead_of_repeated(db: None, hook: Receiver) -> None:
    """An update edits the caption; that nothing changed is no error."""
    channel = telegram(hook)
    hook.answers = lambda _: (400, {}, b'{"ok":false,"description":"message is not modified"}')
    assert send(channel, replace(MESSAGE, revision=2), "photo:42").handle == "photo:42"
    assert hook.requests[0].path.endswith("/editMessageCaption")


def test_the_token_is_in_no_word(db: None, hook: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the error nor the log holds the token, although it is part of the address."""
    channel = telegram(hook)
    hook.answers = lambda got: (401, {}, f"who is {got.path}?".encode())
    with caplog.at_level("DEBUG"):
        error = failure(channel)
    assert TOKEN not in str(error)
    assert TOKEN not in caplog.text
    assert TOKEN not in json.dumps(channel.config)
    assert TOKEN not in channel.secrets_encrypted


# Mail


def mail(server: MailServer, **config: Any) -> Channel:
    """A channel to a real SMTP server."""
    fields = {
        "sender": "vedette@example.org",
        "recipients": ["ada@example.org", "bo@example.org"],
        "security": "none",
    }
    return make_channel("mail", host="127.0.0.1", port=server.port, **(fields | config))


def test_a_mail_has_the_picture_inside(db: None) -> None:
    """Words, links and JPEG; the Message-ID is that of the delivery, in every try."""
    with MailServer() as server:
        channel = mail(server)
        assert send(channel).answer == "Taken for 2 of 2"
        send(channel)
        (first, again) = [message_from_bytes(each.content, policy=default) for each in server.mails]
    assert first["Subject"] == "Drive: person"
    assert first["Message-ID"] == again["Message-ID"] == f"<{MESSAGE.delivery}@example.org>"
    assert "Snooze this: https://vedette.example/alerts/snooze/y" in first.get_body().get_content()
    assert [part.get_content() for part in first.iter_attachments()] == [JPEG]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_encrypted_and_logged_in(db: None, tls: tuple[ssl.SSLContext, str], security: str) -> None:
    """By STARTTLS and by TLS; a wrong password is final and not repeated in the reason."""
    context, authority = tls
    with MailServer(context=context, tls=security == "tls", password="right") as server:
        login = {"security": security, "authority": authority, "username": "ada"}
        assert send(mail(server, password="right", **login)).answer == "Taken for 2 of 2"
        error = failure(mail(server, password="wr0ng-one", **login))
        assert error.permanent
        assert "wr0ng-one" not in str(error)
        assert "not trusted" in str(failure(mail(server, password="right", **(login | {"authority": ""}))))


@pytest.mark.parametrize(("answer", "permanent"), [("451 busy", False), ("554 spam", True)])
def test_mail_servers_may_refuse(db: None, answer: str, permanent: bool) -> None:
    """4xx is worth another try, 5xx is not."""
    with MailServer(refuse=answer) as server:
        error = failure(mail(server))
        assert error.permanent is permanent
        assert answer[4:] in str(error)


def test_nobody_writes_headers_by_a_title(db: None) -> None:
    """A line break in a camera's name stays in the subject."""
    with MailServer() as server:
        send(mail(server), replace(MESSAGE, title="Drive\r\nBcc: eve@example.org"))
        (found,) = [message_from_bytes(each.content, policy=default) for each in server.mails]
        assert server.mails[0].rcpt_tos == ["ada@example.org", "bo@example.org"]
    assert found["Bcc"] is None


# Web push


@pytest.fixture
def push_service(settings: Any) -> Iterator[Receiver]:
    """A push service that is trusted like the known ones."""
    with Receiver() as service:
        service.answers = lambda _: (201, {}, b"")
        settings.VEDETTE = settings.VEDETTE.model_copy(update={"push_services": (service.origin,)})
        yield service


def test_a_browser_can_read_what_is_pushed(administrator: Any, push_service: Receiver) -> None:
    """Only the browser's keys open the message, and it is signed with the key the browser was given."""
    browser = Browser(push_service.url("/send/abc"))
    channel = connect_browser(administrator, browser.subscription(), "Ada's phone", "Chrome")
    send(channel)
    (got,) = push_service.requests
    said = browser.read(got)
    assert (said["title"], said["tag"], said["url"]) == ("Drive: person", MESSAGE.id, "/events/1")
    claims, key = vapid_claims(got)
    assert claims["aud"] == push_service.origin
    assert key == application_key()
    assert len(got.headers["Topic"]) <= 32
    assert b"Drive" not in got.body


def test_an_update_takes_the_place_of_what_was_pushed(administrator: Any, push_service: Receiver) -> None:
    """It has the same topic and tag, and says that it is one: the browser makes no noise."""
    browser = Browser(push_service.url())
    channel = connect_browser(administrator, browser.subscription(), "Ada's phone", "Chrome")
    send(channel)
    send(channel, replace(MESSAGE, revision=2), "pushed")
    first, again = push_service.requests
    assert first.headers["Topic"] == again.headers["Topic"]
    assert [browser.read(each)["again"] for each in (first, again)] == [False, True]


def test_a_browser_that_is_gone_is_gone(administrator: Any, push_service: Receiver) -> None:
    """410 is final."""
    push_service.answers = lambda _: (410, {}, b"")
    browser = Browser(push_service.url())
    assert failure(connect_browser(administrator, browser.subscription(), "Phone", "")).gone


@pytest.mark.parametrize(
    "endpoint",
    ["https://evil.example/send", "http://fcm.googleapis.com/send", "https://fcm.googleapis.com:8443/x",
     "https://fcm.googleapis.com.evil.example/", "http://127.0.0.1:1/"],
)  # fmt: skip
def test_browsers_do_not_make_the_server_ask_anybody(administrator: Any, endpoint: str) -> None:
    """Only push services of browsers are asked, and only by HTTPS."""
    with pytest.raises(ConfigurationError, match="push service"):
        connect_browser(administrator, Browser(endpoint).subscription(), "Phone", "")


def test_long_words_are_cut_to_what_services_take() -> None:
    """A message of any length fits."""
    assert len(payload(replace(MESSAGE, text="é" * 9000), again=False)) <= 3800


# MQTT


@pytest.fixture
def broker(tmp_path: Path, tls: tuple[ssl.SSLContext, str]) -> Iterator[dict[str, Any]]:
    """A real mosquitto with TLS and a password."""
    program = Path("/usr/sbin/mosquitto")
    if not program.exists():
        pytest.skip("no mosquitto: install the package mosquitto")
    port, plain = free_port(), free_port()
    subprocess.run(["mosquitto_passwd", "-b", "-c", "passwords", "ada", "right"], cwd=tmp_path, check=True)
    (tmp_path / "passwords").chmod(0o644)
    settings = f"""per_listener_settings false
allow_anonymous false
password_file {tmp_path}/passwords
user root
listener {plain} 127.0.0.1
listener {port} 127.0.0.1
certfile {tmp_path}/certificate.pem
keyfile {tmp_path}/key.pem
max_packet_size 20000
"""
    (tmp_path / "m.conf").write_text(settings)
    process = subprocess.Popen([program, "-c", tmp_path / "m.conf"], stderr=subprocess.DEVNULL)
    try:
        yield {"host": "127.0.0.1", "port": port, "plain": plain, "authority": tls[1]}
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.fixture
def heard(broker: dict[str, Any]) -> Iterator[list[tuple[str, bytes]]]:
    """What arrives at somebody who listens."""
    messages: list[tuple[str, bytes]] = []
    ready = threading.Event()
    listener = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    listener.username_pw_set("ada", "right")
    listener.on_message = lambda _client, _data, message: messages.append((message.topic, message.payload))
    listener.on_subscribe = lambda *_: ready.set()
    listener.on_connect = lambda client, *_: client.subscribe("#", qos=1)
    wait_until(lambda: _connects(listener, broker["plain"]), what="the broker")
    listener.loop_start()
    assert ready.wait(PATIENCE_S)
    yield messages
    listener.disconnect()
    listener.loop_stop()


def _connects(listener: Any, port: int) -> bool:
    try:
        listener.connect("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    return True


def mqtt(broker: dict[str, Any], **config: Any) -> Channel:
    """A channel to the broker, by TLS."""
    fields = {name: broker[name] for name in ("host", "port", "authority")}
    return make_channel("mqtt", **(fields | {"username": "ada", "password": "right"} | config))


def test_mqtt_gets_json_and_the_picture(db: None, broker: dict[str, Any], heard: list[Any]) -> None:
    """By TLS with a password; the ids let a reader tell a repeated one."""
    channel = mqtt(broker, picture=True, topic="house/alerts")
    assert send(channel).answer == "Acknowledged by the broker"
    wait_until(lambda: len(heard) == 2)
    assert heard[0] == ("house/alerts/picture", JPEG)
    assert (heard[1][0], json.loads(heard[1][1])["delivery"]) == ("house/alerts", MESSAGE.delivery)


def test_mqtt_keeps_its_connection(db: None, broker: dict[str, Any], heard: list[Any]) -> None:
    """Many messages go over one connection."""
    sender = sender_of(mqtt(broker))
    for number in range(50):
        sender.send(replace(MESSAGE, revision=number + 1), "")
    first = sender._client  # type: ignore[attr-defined]
    sender.send(MESSAGE, "")
    assert sender._client is first  # type: ignore[attr-defined]
    sender.close()
    wait_until(lambda: len(heard) == 51)
    assert [json.loads(body)["revision"] for _, body in heard[:50]] == list(range(1, 51))


def test_mqtt_says_why_not(db: None, broker: dict[str, Any], heard: list[Any]) -> None:
    """A wrong password, a picture that the broker does not take, a broker that is not there."""
    assert "Not authorized" in str(failure(mqtt(broker, password="wr0ng")))
    big = failure(mqtt(broker, picture=True), replace(MESSAGE, picture=b"x" * 30_000))
    assert big.permanent
    assert "20000" in str(big)
    assert "No connection" in str(failure(mqtt(broker, port=free_port())))


# All of them


def test_a_test_really_sends(webhook: Channel, hook: Receiver) -> None:
    """The button's message arrives, and the channel notes the answer."""
    assert try_channel(webhook).answer == "200 ok"
    assert hook.requests[0].json()["about"] == "test"
    webhook.refresh_from_db()
    assert webhook.last_sent is not None
    hook.answers = lambda got: (500, {}, f"{got.path} is broken".encode())
    with pytest.raises(SendError) as caught:
        try_channel(webhook)
    assert "500" in str(caught.value)
    webhook.refresh_from_db()
    assert webhook.failing_since is not None


@pytest.mark.parametrize(
    ("kind", "config", "words"),
    [
        ("webhook", {"url": "ftp://x.example/y"}, "url: an address looks like"),
        ("webhook", {"url": "https://ada:s3cret@x.example/"}, "url: no user name"),
        ("webhook", {"url": "https://x.example/", "secret": "not base64!"}, "secret: a signing secret"),
        ("mail", {"host": "x", "sender": "nobody", "recipients": ["a@b"]}, "sender: .* no mail address"),
        ("mail", {"host": "x", "sender": "a@b", "recipients": ["a@b\r\nX"]}, "control"),
        ("mail", {"host": "x", "sender": "a@b", "recipients": []}, "recipients"),
        ("telegram", {"token": "../../x", "chat": "1"}, "token"),
        ("mqtt", {"host": "x", "topic": "a/#"}, "topic"),
        ("mqtt", {"host": "x", "shell": "rm"}, "shell"),
        ("pigeon", {}, "no kind of channel"),
    ],
)
def test_settings_that_cannot_be_used(db: None, kind: str, config: dict[str, Any], words: str) -> None:
    """Each is refused with a sentence that names the field, and never repeats a secret."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        make_channel(kind, **config)
    assert "s3cret" not in str(caught.value)


def test_secrets_stay_when_they_are_left_out(db: None, hook: Receiver) -> None:
    """Changing a setting keeps the secrets; an empty one removes it."""
    channel = make_channel("webhook", url=hook.url("/a/s3cret"), secret=SECRET)
    change_channel(channel, {"config": {"picture": "none"}})
    assert secrets_of(channel) == {"url": hook.url("/a/s3cret"), "secret": SECRET}
    change_channel(channel, {"config": {"secret": ""}})
    assert "secret" not in secrets_of(channel)
    assert "s3cret" not in json.dumps(channel.config)
