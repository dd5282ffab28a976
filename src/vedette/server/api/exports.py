"""Exports: order, follow, download, cancel."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.http import content_disposition_header
from ninja import Router, Schema, Status
from ninja.params.functions import Query

from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import Permission, visible
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, Needs, principal
from vedette.server.api.ranges import Content, respond
from vedette.server.api.recordings import find_recorded
from vedette.server.cameras.models import Camera
from vedette.server.recordings import exports
from vedette.server.recordings.exporter import exporter
from vedette.server.recordings.models import Export
from vedette.server.times import iso

router = Router(tags=["recordings"])

OPERATE = Needs(Permission.OPERATE)
_BLOCK_BYTES = 256 * 1024
_DOWNLOAD_S = 300.0


class ExportIn(schemas.Closed):
    """Which span of which camera; at most six hours."""

    camera: str
    start: schemas.InTime
    end: schemas.InTime


class ExportOut(Schema):
    """An export; `size_bytes` is an estimate until it is done."""

    id: UUID
    camera: str
    start: schemas.Time
    end: schemas.Time
    state: str
    progress: float
    size_bytes: int
    duration_s: float
    message: str
    created: schemas.Time
    created_by: str
    expires: schemas.Time | None


@router.get("", auth=VIEW, response=list[ExportOut])
def list_exports(
    request: HttpRequest, camera: str | None = None, limit: int = Query(50, ge=1, le=200)
) -> Any:
    """The newest exports of cameras that you may see."""
    rows = visible(principal(request), Export.objects.all())
    return (rows.filter(camera=camera) if camera is not None else rows)[:limit]


@router.post("", auth=OPERATE, response={201: ExportOut, 404: schemas.Error, 422: schemas.Error})
def add_export(request: HttpRequest, payload: ExportIn) -> Any:
    """Have a span made into a file: MP4 in the original quality, its index first. It is kept for a week."""
    camera = find_recorded(request, payload.camera)
    with transaction.atomic():
        export = exports.order(camera, payload.start, payload.end, principal(request).name)
        span = {"start": iso(export.start), "end": iso(export.end)}
        audit(request, "export.created", camera=camera, subject=export.pk, detail=span)
        transaction.on_commit(exporter.kick)
    return Status(201, export)


@router.get("/{export_id}", auth=VIEW, response={200: ExportOut, 404: schemas.Error})
def get_export(request: HttpRequest, export_id: UUID) -> Any:
    """One export."""
    return find_export(request, export_id)


@router.delete("/{export_id}", auth=OPERATE, response={204: None, 404: schemas.Error})
def remove_export(request: HttpRequest, export_id: UUID) -> Any:
    """Cancel an export that is not done, or delete it with its file."""
    export = find_export(request, export_id)
    exports.remove(export)
    audit(request, "export.removed", camera=export.camera, subject=export.pk)
    return Status(204, None)


@router.api_operation(["HEAD"], "/{export_id}/file.mp4", auth=VIEW, include_in_schema=False)
@router.get("/{export_id}/file.mp4", auth=VIEW)
def export_file(request: HttpRequest, export_id: UUID) -> Any:
    """The file; takes range requests."""
    export = find_export(request, export_id)
    path = exports.file_of(export)
    if export.state != Export.State.DONE or not path.is_file():
        raise Http404("There is no file yet." if export.state != Export.State.DONE else "The file is gone.")
    if request.method != "HEAD":
        audit(request, "export.downloaded", camera=export.camera, subject=export.pk, once_s=_DOWNLOAD_S)
    return _answer(request, path, f"{export.pk.hex}-{path.stat().st_size}", _name(export))


def find_export(request: HttpRequest, export_id: UUID) -> Export:
    """The export, when the one who asks may see its camera.

    Raises:
        Http404: there is none, or not for them.
    """
    found = visible(principal(request), Export.objects.filter(pk=export_id)).first()
    if found is None:
        raise Http404("There is no such export.")
    return found


def _answer(request: HttpRequest, path: Path, etag: str, name: str) -> HttpResponseBase:
    def read(offset: int, length: int) -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(offset)
            while length > 0 and (block := file.read(min(length, _BLOCK_BYTES))):
                length -= len(block)
                yield block

    answer = respond(request, Content(path.stat().st_size, etag, "video/mp4", read))
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def _name(export: Export) -> str:
    """`Front door 2026-11-21 12.00.00 UTC.mp4`."""
    camera = Camera.objects.filter(pk=export.camera).values_list("name", flat=True).first() or export.camera
    kept = "".join(
        letter if letter.isprintable() and letter not in '\\/:*?"<>|' else " " for letter in camera
    )
    return f"{kept.strip() or export.camera} {export.start.astimezone(UTC):%Y-%m-%d %H.%M.%S} UTC.mp4"
