"""What people see when there is no page for them; programs get a line of text."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

LINK = "This link is not valid, or not any more. Ask whoever sent it for a new one."


def refuse(
    request: HttpRequest, status: int, title: str, words: str, *, stranger: bool = False
) -> HttpResponse:
    """Say why there is no page and what to do; strangers, who have but a link, are not shown the way in."""
    if "text/html" not in request.headers.get("Accept", ""):
        return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    context = {"title": title, "words": words, "stranger": stranger}
    return render(request, "accounts/refused.html", context, status=status)


def link_ended(request: HttpRequest, words: str = LINK) -> HttpResponse:
    """A link that somebody was sent opens nothing any more."""
    return refuse(request, 404, "Nothing here any more", words, stranger=True)


def old_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's name
    """403 for a form that did not come from a page of ours, or from one that is too old."""
    words = (
        "This form was open for too long, or cookies are off. Go back, reload the page, and send it again."
    )
    return refuse(request, 403, "The form was not taken", words)


def failed(request: HttpRequest) -> HttpResponse:
    """500; Django has written the log."""
    words = "Something went wrong on our side. The log of the server says what. Try again in a moment."
    return refuse(request, 500, "That did not work", words)
